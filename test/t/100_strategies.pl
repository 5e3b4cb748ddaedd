# The strategies are one behaviour: random batches get the same answer, and leave the
# same directory behind, whichever of them writes.
#
# 100_strategies.sql says what the batches meet, Batches.pm draws them. Each batch is
# made with every strategy on the same state, and undone. New ids and times are replaced
# by the order in which they first appear, so that who has which is still compared.
#
# CANOPY_SEED makes a run again, CANOPY_BATCHES says how many batches a scenario gets
# and CANOPY_SCENARIO which one runs.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Batches qw(draw_batch known_batches);
use Directory;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{CANOPY_SEED} // int rand 1_000_000;
my $batches = $ENV{CANOPY_BATCHES} // ($ENV{CANOPY_LONG} ? 100 : 12);
my %seen;
diag "CANOPY_SEED=$seed";

my $node = start_server('strategies', quick_hashes());
my ($setup, @scenarios) = split /^-- scenario: /m, slurp_file("$FindBin::RealBin/100_strategies.sql");
$node->safe_psql('postgres', $setup);

for my $number (0 .. $#scenarios)
{
	my $scenario = $scenarios[$number];
	my ($title, $strategies, $words) = $scenario =~ /^([^|\n]*?) *\|([^|\n]*)\|([^\n]*)\n/;
	next if $ENV{CANOPY_SCENARIO} && $title !~ /$ENV{CANOPY_SCENARIO}/;
	$scenario =~ s/^.*\n//;
	compare_strategies($number, $title, $scenario, [ split ' ', $strategies ], [ split ' ', $words ]);
}

if (!$ENV{CANOPY_SCENARIO} && $batches >= 12)
{
	is(join(' ', grep { !$seen{$_} } qw(200 201), qw(invalid_row unknown_field required invalid_type too_long invalid_value
		email_invalid uuid_invalid metadata_invalid external_id_invalid password_too_short password_too_long
		password_hash_unsupported role_node_pair system_role identity_not_found application_not_found role_not_found
		node_not_found client_not_found membership_not_found assignment_not_found email_conflict external_id_conflict membership_conflict membership_required
		assignment_conflict invite_conflict client_misconfigured rejected batch_rolled_back)),
		'', 'the batches had every verdict');
}
is(join(' ', grep { / / && !/40001|42501/ } sort keys %seen), '', 'no call failed but for a trigger that ends it and a policy');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|WARNING|XX000/, 'the log has no sign of trouble');
$node->stop;
done_testing();

# One test: all batches of a scenario, in one session and one transaction.
sub compare_strategies
{
	my ($number, $title, $changes, $strategies, $words) = @_;
	my @calls = (known_batches(), map { srand($seed + 1000 * $number + $_); draw_batch(@$words) } 1 .. $batches);
	my $sql = "SET client_min_messages = error;\nSET timezone = UTC;\nBEGIN;\n$changes";
	for my $call (@calls)
	{
		my $text = $call =~ s/'/''/gr;
		$sql .= "SELECT t.try('$_', '$text');\n" for @$strategies;
	}
	my ($code, $out, $err) = $node->psql('postgres', "$sql ROLLBACK;\n");
	my @answers = split /\n/, $out;
	my ($different, $trace) = (0, 0);
	for my $n (0 .. $#calls)
	{
		my @outcome = map { mask($_) } splice @answers, 0, scalar @$strategies;
		my $same = @outcome == @$strategies && !grep { $_ ne $outcome[0] } @outcome;
		$different++ if !$same;
		count_verdicts($outcome[0]);
		$trace++ if grep { loses_rows($_) } @outcome;
		show($title, $n, $calls[$n], $strategies, \@outcome) if !$same && $different <= 2;
	}
	is("$code$err", '0', "$title: the session ends well");
	is($different, 0, "$title: @$strategies agree on " . @calls . ' batches');
	is($trace, 0, "$title: what an answer says was written is there");
	return;
}

# New ids and times by the order of their appearance; a hash with a random salt as nothing.
sub mask
{
	my ($text) = @_;
	my (%id, %time);
	$text =~ s/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/$id{$&} \/\/= 'new' . keys %id/ge;
	$text =~ s/(20(?:2[4-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|\+00:00)/
		my $time = $1 . substr(($2 \/\/ '.') . '000', 0, 4); $time{$time} \/\/= 'time' . keys %time/gex;
	$text =~ s/token=[\w-]{64}/token=TOKEN/g;
	$text =~ s/\$argon2id\$v=19\$m=7168[^"]*/argon2id/g;
	return $text;
}

# Whether the answer names a new id that is nowhere in the tables, though nothing was rolled back.
sub loses_rows
{
	my ($text) = @_;
	return 0 if $text !~ /"answer"/ || $text =~ /batch_rolled_back/;
	my ($answer, $state) = split /"state" : /, $text, 2;
	return 0 if $state !~ /"action"/;
	return scalar grep { $state !~ /"$_"/ } $answer =~ /"(new\d+)"/g;
}

# Counts what became of rows, and of calls that failed.
sub count_verdicts
{
	my ($text) = @_;
	$seen{$_}++ for $text =~ /"error": \{"code": "(\w+)"/g, $text =~ /"code": (20\d), "data"/g, $text =~ /"failure" : "([^"]+)"/;
	return;
}

# The call, and the first piece in which a strategy differs from the first one.
sub show
{
	my ($title, $n, $call, $strategies, $outcome) = @_;
	my ($i) = grep { $outcome->[$_] ne $outcome->[0] } 1 .. $#$outcome;
	my @pieces = map { [ pieces($_ // 'nothing') ] } $outcome->[0], $i ? $outcome->[$i] : undef;
	my ($k) = grep { ($pieces[0][$_] // '') ne ($pieces[1][$_] // '') } 0 .. $#{ $pieces[0] };
	diag sprintf "%s: batch %d, CANOPY_SEED=%d\nSELECT %s;\n%s: %.500s\n%s: %.500s", $title, $n + 1, $seed, $call,
	  $strategies->[0], $pieces[0][ $k // 0 ], $strategies->[ $i // 0 ], $pieces[1][ $k // 0 ] // 'nothing';
	return;
}

# An outcome cut into results, rows of tables and the rest.
sub pieces { return split /(?=\{"code": \d)|(?=\{"id": "[^"]+", "(?:email": "[^"]+", "metadata": .{0,900} "account_id|status|action))/, $_[0] }
