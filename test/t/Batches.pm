# Random batches: calls of the bulk functions on the directory of 100_strategies.sql.
#
# A batch is drawn by rand() alone, so that srand() before it makes it again.
package Batches;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP;

our @EXPORT_OK = qw(draw_batch known_batches);

my $json = JSON::PP->new->canonical->ascii;
my $bcrypt = '$2b$12$' . 'a' x 53;

# The text of a call. The words are last names that rows may have besides the usual one.
sub draw_batch
{
	my (@words) = @_;
	my $which = rand;
	return draw_attach('attach') if $which < 0.12;
	return draw_attach('detach') if $which < 0.22;
	return draw_assign() if $which < 0.37;
	return draw_held('unassign') if $which < 0.45;
	return draw_held('change_role') if $which < 0.57;
	return draw_invite(@words) if $which < 0.77;
	return draw_create(@words);
}

# Batches in which the order of writing shows, each with every on_conflict.
sub known_batches
{
	my @known = (
		# an update frees an external id that a later row wants
		[ [ 'old3', 'new' ], [ 'q8', 'x3' ] ], [ [ 'q8', 'x3' ], [ 'old3', 'new' ] ],
		# a row with two rivals, of which one has its verdict and the other waits for it
		[ [ 'old1', 'q' ], [ 'a', 'y' ], [ 'p', 'q' ], [ 'p', 'y' ] ],
		[ [ 'z', 'q' ], [ 'a', 'y' ], [ 'b', 'q' ], [ 'b', 'y' ], [ 'y', 'q' ] ],
		# a rival that fails, and a key of the user's that its successor and a row behind both want
		[ [ 'a', 'x1' ], [ 'a', undef, 1 ], [ 'b', undef, 1 ] ],
		[ [ 'z', 'x1' ], [ 'z', 'y1', 1 ], [ 'b', 'y1', 1 ], [ 'y', undef, 1 ] ]);
	return map { my $mode = $_; map { known_batch($mode, @$_) } @known } qw(error skip update);
}

sub known_batch
{
	my ($mode, @rows) = @_;
	my @sent = map { { email => "$_->[0]\@example.com", first_name => 'Ada', last_name => 'Byron',
			external_id => $_->[1], metadata => { badge => $_->[2] } } } @rows;
	return 'canopy_bulk_create(' . quote($json->encode(\@sent)) . "::jsonb, account => 'acme', on_conflict => '$mode')";
}

sub draw_create
{
	my (@words) = @_;
	my %mood = (
		size => one_of(1, 2, 3, 5, 8, 17, 20, 40, 40, 65, chance(0.1) ? 200 : 12),
		faulty => one_of(0, 0, 0.03, 0.2, 0.6),
		taken => one_of(0, 0.1, 0.5),
		repeated => one_of(0, 0.1, 0.6),
		special => one_of(0, 0.04, 0.1, 0.5),
		on_conflict => one_of(qw(error error skip update update)),
		tier => one_of(qw(account application environment)),
		words => \@words);
	my @rows = map { draw_row(\%mood, $_) } 1 .. $mood{size};
	my $text = quote($json->encode(chance(0.5) ? \@rows : { identities => \@rows }));
	my @options = ("account => 'acme'", "on_conflict => '$mood{on_conflict}'", draw_options($mood{size}));
	push @options, "application => 'crm'" if $mood{tier} ne 'account';
	push @options, "environment => 'production'" if $mood{tier} eq 'environment';
	my $call = chance(0.5) ? "canopy_bulk_create(${text}::jsonb" : "canopy_bulk_create_raw(convert_to($text, 'UTF8')";
	return join ', ', $call, join(', ', @options) . ')';
}

sub draw_options
{
	my ($size) = @_;
	my @options;
	push @options, 'max_failed => ' . one_of(0, 1, int($size / 3), $size - 1) if chance(0.3);
	push @options, 'dry_run => true' if chance(0.12);
	return @options;
}

sub draw_row
{
	my ($mood, $n) = @_;
	return one_of(1, undef, 'row', [], {}) if chance($mood->{faulty} / 10);
	my $pool = 1 + int $mood->{size} / 3;
	my $last = @{ $mood->{words} } && chance($mood->{special}) ? one_of(@{ $mood->{words} }) : 'Byron';
	my %row = (
		email => draw_case(chance($mood->{taken}) ? 'old' . draw(14) : chance($mood->{repeated}) ? 'p' . draw($pool) : "q$n") . '@example.com',
		first_name => chance(0.1) ? 'Ada' : "Ada$n", last_name => $last);
	if (chance(0.5))
	{
		$row{external_id} = chance($mood->{taken}) ? 'x' . draw(9) : chance($mood->{repeated}) ? 'y' . draw($pool) : "z$n";
	}
	$row{metadata} = draw_metadata($mood, $n) if chance(0.5);
	$row{password_hash} = $bcrypt if chance(0.1);
	$row{password} = 'correct horse' if !$row{password_hash} && $mood->{size} < 20 && chance(0.01);
	add_parents($mood, \%row);
	spoil(\%row) if chance($mood->{faulty});
	return \%row;
}

sub draw_metadata
{
	my ($mood, $n) = @_;
	return one_of({}, { badge => undef }, { badge => $n, deep => { list => [ 1, 'two', undef, {} ] } },
		{ badge => $mood->{repeated} > 0 ? draw(1 + $mood->{size} / 2) : $n }, { badge => $n, 'a key' => "\x{e9}\x{1f600}" });
}

# What the row refers to; ids of another account and unknown ones among them.
sub add_parents
{
	my ($mood, $row) = @_;
	my $faulty = chance($mood->{faulty} / 2);
	if ($mood->{tier} eq 'account')
	{
		$row->{application_id} = id('b', $faulty ? one_of(3, 77) : draw(2)) if chance(0.4);
	}
	elsif (chance(0.5))
	{
		my $pair = $mood->{tier} eq 'application' ? one_of([ 1, 1 ], [ 3, 2 ]) : [ 1, 1 ];
		$pair = one_of([ 1, 2 ], [ 2, 1 ], [ 4, 3 ], [ 5, 4 ], [ 77, 1 ], [ 1, 77 ], [ 3, 1 ]) if $faulty;
		@{$row}{qw(role_id node_id)} = (id('d', $pair->[0]), id('e', $pair->[1]));
	}
	return;
}

# Makes one field wrong, or one more.
sub spoil
{
	my ($row) = @_;
	my @bad = (
		[ email => one_of('', 'no address', 5, undef, 'a' x 70 . '@example.com') ], [ first_name => one_of('', ' ', undef, "a\tb", 'x' x 256) ],
		[ last_name => one_of('', [], 'x' x 300) ], [ external_id => one_of('', 7, "a\nb", 'x' x 256) ],
		[ metadata => one_of([], 'text', 1, { big => 'x' x 17000 }) ], [ password => one_of('short', 'x' x 65) ],
		[ password_hash => 'nonsense' ], [ one_of(qw(emial role name is_active)) => 'x' ],
		[ application_id => one_of('x', 5, id('b', 1)) ], [ role_id => one_of('x', id('d', 1)) ], [ node_id => id('e', 1) ]);
	my ($field, $value) = @{ one_of(@bad) };
	$row->{$field} = $value;
	delete $row->{ one_of(qw(email first_name last_name)) } if chance(0.1);
	return;
}

# Invites to an environment, or to the account.
sub draw_invite
{
	my (@words) = @_;
	my %mood = (size => one_of(1, 3, 8, 12, 20, 40), faulty => one_of(0, 0, 0.05, 0.3), taken => one_of(0, 0.2, 0.6), repeated => one_of(0, 0.1, 0.5),
		special => one_of(0, 0.1, 0.4), words => \@words, place => one_of(qw(production production staging account)));
	my @rows = map { draw_guest(\%mood, $_) } 1 .. $mood{size};
	my $text = quote($json->encode(chance(0.5) ? \@rows : { invites => \@rows }));
	my @options = ("account => 'acme'", 'on_conflict => ' . quote(one_of(qw(error error skip))), draw_options($mood{size}));
	push @options, "application => 'crm'", "environment => '$mood{place}'" if $mood{place} ne 'account';
	return "canopy_bulk_invite(${text}::jsonb, " . join(', ', @options) . ')';
}

sub draw_guest
{
	my ($mood, $n) = @_;
	return one_of(1, undef, 'row', [], {}) if chance($mood->{faulty} / 10);
	my $last = @{ $mood->{words} } && chance($mood->{special}) ? one_of(@{ $mood->{words} }) : 'Byron';
	my %row = (
		email => draw_case(chance($mood->{taken}) ? 'old' . draw(14) : chance($mood->{repeated}) ? 'p' . draw(1 + $mood->{size} / 3) : "q$n") . '@example.com',
		first_name => chance(0.1) ? 'Ada' : "Ada$n", last_name => $last);
	$row{intent} = one_of('activate', 'onboard', undef, 'password_reset', 'password_reset') if chance(0.3);
	$row{send_email} = one_of(\0, \0, \1) if chance(0.3);
	$row{expires_in} = one_of(3600, 'P2D', 'PT90M') if chance(0.2);
	$row{locale} = one_of(qw(de fr-CA)) if chance(0.2);
	if ($mood->{place} eq 'account')
	{
		$row{application_id} = id('b', chance($mood->{faulty}) ? one_of(3, 77) : draw(2)) if chance(0.4);
	}
	else
	{
		my $pair = chance($mood->{faulty}) ? one_of([ 1, 2 ], [ 2, 1 ], [ 5, 4 ], [ 77, 1 ], [ 1, 77 ]) : $mood->{place} eq 'staging' ? [ 3, 2 ] : one_of([ 1, 1 ], [ 6, 5 ]);
		@row{qw(role_id node_id)} = (id('d', $pair->[0]), id('e', $pair->[1])) if !$row{intent} && chance(0.4);
		$row{client_id} = id('6', chance($mood->{faulty}) ? one_of(3, 4, 5, 77) : $mood->{place} eq 'staging' ? 5 : one_of(1, 2)) if chance(0.3);
	}
	if (chance($mood->{faulty}))
	{
		my ($field, $value) = @{ one_of([ email => one_of('', 'no address', 5) ], [ first_name => one_of('', undef, "a\tb") ], [ intent => one_of('join', 5) ],
				[ send_email => 'yes' ], [ expires_in => one_of(5, 'P1Y', [], 1e10) ], [ locale => one_of('d', 7) ], [ role_id => id('d', 1) ], [ client => 'x' ], [ application_id => 'x' ]) };
		$row{$field} = $value;
	}
	return \%row;
}

sub draw_attach
{
	my ($verb) = @_;
	my $size = one_of(1, 3, 12, 12, 30);
	my $faulty = one_of(0, 0.1, 0.5);
	my @ids = map { !chance($faulty) ? id('f', draw(12)) : chance(0.5) ? id('f', one_of(101, 77)) : uc id('f', draw(12)) } 1 .. $size;
	my @options = ("account => 'acme'", 'application => ' . quote(one_of(qw(crm crm wiki))),
		'on_conflict => ' . quote(one_of(qw(error skip))), draw_options($size));
	return join ', ', draw_ids("canopy_bulk_$verb", $faulty, @ids), join(', ', @options) . ')';
}

# The beginning of a call with ids: as an array, or with malformed ones among them as JSON.
sub draw_ids
{
	my ($function, $faulty, @ids) = @_;
	return "$function(" . quote('{' . join(',', @ids) . '}') . '::uuid[]' if chance(0.6);
	@ids = map { chance($faulty / 2) ? one_of('x', undef, 5, '', {}, "$_ ") : $_ } @ids;
	return "${function}_json(" . quote($json->encode(\@ids)) . '::jsonb';
}

# Roles for a few people, so that some are sent twice or held already.
sub draw_assign
{
	my $faulty = one_of(0, 0.05, 0.3);
	my $people = one_of(3, 8, 12);
	my @rows = map { draw_assignment($faulty, $people) } 1 .. one_of(1, 3, 8, 20, 40);
	my $text = quote($json->encode(chance(0.5) ? \@rows : { assignments => \@rows }));
	my @options = ("account => 'acme'", draw_place(), 'on_conflict => ' . quote(one_of(qw(error skip))), draw_options(scalar @rows));
	return "canopy_bulk_assign(${text}::jsonb, " . join(', ', @options) . ')';
}

sub draw_assignment
{
	my ($faulty, $people) = @_;
	return one_of(1, undef, 'row', [], {}) if chance($faulty / 10);
	my $pair = chance($faulty) ? one_of([ 1, 2 ], [ 2, 1 ], [ 5, 4 ], [ 77, 1 ], [ 1, 77 ], [ 3, 1 ]) : one_of([ 1, 1 ], [ 1, 1 ], [ 6, 1 ], [ 1, 5 ], [ 3, 2 ], [ 4, 3 ]);
	my %row = (identity_id => id('f', chance($faulty) ? one_of(101, 77) : draw($people)),
		role_id => id('d', $pair->[0]), node_id => id('e', $pair->[1]));
	$row{effective_from} = one_of('2026-01-01T00:00:00Z', '2025-06-01T12:00+02:00', undef) if chance(0.3);
	$row{effective_to} = one_of('2027-01-01T00:00:00.5Z', '2030-01-01T00:00-05', undef) if chance(0.3);
	if (chance($faulty))
	{
		my ($field, $value) = @{ one_of([ effective_to => one_of('2020-01-01T00:00Z', 'tomorrow', 5, '2026-01-01') ], [ role_id => one_of('x', undef) ],
				[ identity_id => uc $row{identity_id} ], [ node_id => 5 ], [ node => 'x' ]) };
		$row{$field} = $value;
	}
	return \%row;
}

# Assignments that are taken away, or given another role.
sub draw_held
{
	my ($verb) = @_;
	my $size = one_of(1, 3, 8, 20);
	my $faulty = one_of(0, 0.1, 0.5);
	my @ids = map { id('8', !chance($faulty) ? draw(22) : one_of(77, 101, draw(22))) } 1 .. $size;
	my @options = ("account => 'acme'", draw_place(), draw_options($size));
	my $call = draw_ids("canopy_bulk_$verb", $faulty, @ids);
	$call .= ', role_id => ' . quote(id('d', chance($faulty / 2) ? one_of(2, 5, 77) : one_of(1, 6, 6, 3))) if $verb eq 'change_role';
	return join ', ', $call, join(', ', @options) . ')';
}

sub draw_place
{
	return one_of([], [ "application => 'crm'" ], [ "application => 'crm'" ], [ "application => 'wiki'" ],
		[ "application => 'crm'", "environment => 'production'" ], [ "application => 'crm'", "environment => 'staging'" ])->@*;
}

sub draw_case
{
	my ($name) = @_;
	return chance(0.8) ? $name : one_of(uc $name, ucfirst $name, " $name");
}

sub id
{
	my ($kind, $n) = @_;
	return sprintf '%s0000000-0000-4000-8000-%012d', $kind, $n;
}

sub quote
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	return "'$text'";
}

sub draw { my ($n) = @_; return 1 + int rand $n }
sub chance { my ($p) = @_; return rand() < $p }
sub one_of { return $_[ int rand @_ ] }

1;
