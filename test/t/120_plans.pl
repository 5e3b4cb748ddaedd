# The statements of a batch find their rows by index, however large the tables are and
# whenever the plan was made: plans are kept, so one that was made for a small table is
# still in use when it has grown.
#
# auto_explain writes down the plans as they are run, so that no copy of a statement here
# can differ from the one in the library.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use PostgreSQL::Test::Utils;
use Test::More;

my $people = $ENV{CANOPY_LONG} ? 100_000 : 25_000;
my $node = start_server('plans', quick_hashes(), 'shared_preload_libraries = auto_explain', 'shared_buffers = 128MB',
	'auto_explain.log_nested_statements = on', 'auto_explain.log_analyze = off', 'max_wal_size = 4GB');
fill_directory($node);
$node->safe_psql('postgres', <<'END');
CREATE SCHEMA t;
-- n rows of a batch; every odd one has an address that is there already
CREATE FUNCTION t.people(prefix text, n integer, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
SELECT jsonb_agg(more || jsonb_build_object('email', CASE i % 2 WHEN 1 THEN 'old' ELSE prefix END || i || '@example.com',
	'first_name', 'A', 'last_name', 'B', 'external_id', CASE i % 3 WHEN 1 THEN 'old' ELSE prefix END || i))
FROM generate_series(1, n) AS i $$;
INSERT INTO canopy.role (account_id, environment_id, name) SELECT account_id, environment_id, 'other' FROM canopy.role;
-- n invites; every odd one is to an address that waits already, or waited too long
CREATE FUNCTION t.guests(prefix text, n integer) RETURNS jsonb LANGUAGE sql AS $$
SELECT jsonb_agg(jsonb_build_object('email', CASE i % 2 WHEN 1 THEN 'guest' ELSE prefix END || i || '@example.com', 'first_name', 'A', 'last_name', 'B'))
FROM generate_series(1, n) AS i $$;
CREATE FUNCTION t.token(n integer) RETURNS text LANGUAGE sql AS
$$ SELECT translate(encode(uuid_send('a0000000-0000-4000-8000-000000000001') || sha256(n::text::bytea), 'base64'), E'+/\n', '-_') $$;
CREATE FUNCTION t.guest(n integer) RETURNS uuid LANGUAGE sql AS $$ SELECT format('90000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid $$;
END

# every kind of call, with conflicts; with each strategy
my $place = "jsonb_build_object('role_id', '$VIEWER', 'node_id', '$ROOT')";
my @calls = (
	(map { "canopy_bulk_create(t.people('%s', 50), 'acme', on_conflict => '$_')" } qw(error skip update)),
	(map { "canopy_bulk_create(t.people('%s', 50, jsonb_build_object('application_id', '$CRM')), 'acme', on_conflict => '$_')" } qw(error update)),
	(map { "canopy_bulk_create(t.people('%s', 50, $place), 'acme', 'crm', on_conflict => '$_')" } qw(error skip update)),
	(map { "canopy_bulk_attach((SELECT array_agg(id) FROM t.sample), 'crm', 'acme', on_conflict => '$_')" } qw(error skip)),
	(map { "canopy_bulk_assign((SELECT jsonb_agg(jsonb_build_object('identity_id', id, 'role_id', '$VIEWER', 'node_id', '$ROOT')) FROM t.sample), 'crm', account => 'acme', on_conflict => '$_')" } qw(error skip)),
	"canopy_bulk_change_role((SELECT array_agg(id) FROM t.held), (SELECT id FROM canopy.role WHERE name = 'other'), account => 'acme')",
	"canopy_bulk_unassign((SELECT array_agg(id) FROM t.held), 'crm', account => 'acme', dry_run => true)",
	(map { "canopy_bulk_detach((SELECT array_agg(id) FROM t.sample), 'crm', 'acme', dry_run => true, on_conflict => '$_')" } qw(error skip)),
	(map { "canopy_bulk_invite(t.guests('%s', 50), 'acme', 'crm', 'production', dry_run => true, on_conflict => '$_')" } qw(error skip)),
	"canopy_bulk_invite('[{\"email\":\"old1\@example.com\",\"intent\":\"password_reset\"}]', 'acme', '', dry_run => true)");

# what is done to one invite has its own each time
my $ones = join '', map { "SELECT $_;\n" } (map { "canopy_bulk_invite_$_(t.guest(%d), 'acme')" } qw(resend revoke)),
	"canopy_bulk_invite_info(t.token(%d))", "canopy_bulk_invite_accept(t.token(%d), 'correct horse')->'accepted'",
	"(SELECT canopy_bulk_outbox_done(id, attempt, 'acme') FROM canopy_bulk_outbox_claim(1))";
my $n = 0;
my $guests = 100;
my $every_call = join '', map
{
	my $strategy = $_;
	"SET canopy_bulk.strategy = $strategy;\n" . join '', map { 'SELECT ' . sprintf($_, 'p' . ++$n . '-') . "->'summary';\n" } @calls
} qw(set row auto);
sub one_by_one { return sprintf $ones, map { $guests += 2 } 1 .. 4 }

# a directory of many thousands, each a member with a role; the sample is not looked up by the calls' plans
my $fill = <<"END";
INSERT INTO canopy.identity (account_id, email, first_name, last_name, external_id)
SELECT 'a0000000-0000-4000-8000-000000000001', 'old' || i || '\@example.com', 'A', 'B', 'old' || i FROM generate_series(1, $people) AS i;
INSERT INTO canopy.app_membership (account_id, identity_id, application_id, status)
SELECT account_id, id, '$CRM', CASE substring(email FROM 4 FOR 1) WHEN '7' THEN 'deactivated' ELSE 'active' END FROM canopy.identity;
INSERT INTO canopy.role_assignment (account_id, identity_id, application_id, role_id, node_id)
SELECT account_id, id, '$CRM', '$VIEWER', '$ROOT' FROM canopy.identity;
INSERT INTO canopy.identity_invite (account_id, id, application_id, environment_id, email, intent, first_name, last_name, token_hash, issued_at, expires_at)
SELECT 'a0000000-0000-4000-8000-000000000001', t.guest(i), '$CRM', 'c0000000-0000-4000-8000-000000000002', 'guest' || i || '\@example.com', 'activate', 'A', 'B',
	sha256(t.token(i)::bytea), '2020-01-01Z', CASE i % 4 WHEN 1 THEN '2020-01-08Z'::timestamptz ELSE '2100-01-01Z' END FROM generate_series(1, $people) AS i;
INSERT INTO canopy.outbox (account_id, kind, invite_id, recipient, link, next_attempt_at) SELECT account_id, 'invite', id, email, 'x', '2020-01-01Z' FROM canopy.identity_invite;
CREATE TABLE t.sample AS SELECT id FROM canopy.identity ORDER BY email LIMIT 100;
CREATE TABLE t.held AS SELECT id FROM canopy.role_assignment ORDER BY identity_id LIMIT 50;
END

# a session that knew the tables when they were nearly empty goes on when they are large, before anybody has analysed them
$node->safe_psql('postgres', 'CREATE TABLE t.sample AS SELECT gen_random_uuid() AS id; CREATE TABLE t.held AS TABLE t.sample; VACUUM ANALYZE');
my $log = run_logged("BEGIN;\n$every_call ROLLBACK;\nSET auto_explain.log_min_duration = -1;\nDROP TABLE t.sample, t.held;\n$fill SET auto_explain.log_min_duration = 0;\n", $every_call . one_by_one());
check_plans('tables that have grown', $log);

# tables that are known to be large: of as many rows as there are, and of ten million by the statistics
$node->safe_psql('postgres', 'VACUUM ANALYZE');
check_plans("$people rows", run_logged('', $every_call . one_by_one()));
$node->safe_psql('postgres', "UPDATE pg_class SET reltuples = 1e7 WHERE relnamespace = 'canopy'::regnamespace
	AND relname IN ('identity', 'app_membership', 'role_assignment', 'identity_invite', 'outbox')");
check_plans('ten million rows', run_logged('', $every_call . one_by_one()));

$node->stop;
done_testing();

# What is logged while the second part of a session runs.
sub run_logged
{
	my ($first, $second) = @_;
	my ($code, $out, $err) = $node->psql('postgres',
		"SET auto_explain.log_min_duration = 0;\n$first\nDO \$\$BEGIN RAISE LOG 'from here on'; END\$\$;\n$second");
	is("$code$err", '0', 'the calls end well');
	my @parts = split /from here on/, slurp_file($node->logfile);
	return $parts[-1];
}

# No plan reads one of the large tables from one end to the other.
sub check_plans
{
	my ($title, $text) = @_;
	my @plans = split /^(?=\S+ \S+ \S+ \[)/m, $text;
	my @ours = grep { /Query Text: .*canopy\./ } @plans;
	cmp_ok(scalar(@ours), '>', 200, "$title: there are plans of the library (" . @ours . ')');
	my %scan = map { my $plan = $_; map { ("$_: " . statement($plan) => 1) } wide_scans($plan) } @ours;
	is(join("\n", sort keys %scan), '', "$title: no statement reads a whole table, or account");
	for my $index (qw(identity_account_id_email_key identity_account_id_external_id_key
		app_membership_account_id_identity_id_application_id_key identity_invite_account_id_email_pending_for_key
		identity_invite_account_id_token_hash_key outbox_account_id_next_attempt_at_id_idx outbox_account_id_invite_id_idx))
	{
		ok(scalar(grep { /(Index (Only )?Scan using|Bitmap Index Scan on) $index/ } @ours), "$title: $index is used");
	}
	return;
}

# The scans of a plan that are bound by nothing but the account: of the table, or of an index.
sub wide_scans
{
	my ($plan) = @_;
	my $table = qr/(?:identity|app_membership|role_assignment|identity_invite|outbox)\b/;
	my @found = $plan =~ /(Seq Scan on $table)/g;
	my @lines = split /\n/, $plan;
	for my $i (0 .. $#lines)
	{
		push @found, $1 if $lines[$i] =~ /(Index (?:Only )?Scan (?:Backward )?using \S+ on $table|Bitmap Index Scan on (?:identity|app_membership|role_assignment|outbox)_\S+)/
			&& ($lines[ $i + 1 ] // '') !~ /Index Cond: .*(?:(?<!account_)(?:id|email|token_hash) = |next_attempt_at <= )/;
	}
	return @found;
}

sub statement
{
	my ($plan) = @_;
	return $plan =~ /Query Text: ([^\n]*)/ ? substr $1, 0, 160 : $plan;
}
