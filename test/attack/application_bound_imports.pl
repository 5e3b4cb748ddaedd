# Attacker: a caller that is bound to the application crm.
# Rights: EXECUTE on every function; imports and jobs of crm are the attacker's to manage.
# Must not happen: a file does what its uploader may not, because an account-wide caller, another
#   session, a worker or a repeated job runs it; or an import tells of identities that are no members.
use strict;
use warnings;
use Attack;
use JSON::PP;
use Test::More;

my $attack = Attack->new('application_bound_imports', settings => ["canopy_bulk.import_allowed_hosts = 'nowhere.example'"]);
my $super = $attack->super;
$attack->finish_jobs;
my ($bound, $wide) = ($attack->session(user => 'api'), $attack->session(user => 'api'));
$bound->query(q{SET request.jwt.claims = '{"sub":"eve","principal_type":"user","account":"acme","application":"crm","environment":"production"}'});
$wide->query(q{SET request.jwt.claims = '{"sub":"admin","principal_type":"user","account":"acme"}'});

# one row each for a member of crm only, a member of wiki too, one of wiki only, one in no application, and nobody
my $file = join '\n', 'email,first_name,last_name,password,external_id', (map { "$_\@acme.example,New,Name,another horse," } qw(ada dot cid eve)), 'new@acme.example,New,Name,another horse,new';
my $plain = join '\n', 'email,first_name,last_name', map { "$_\@acme.example,New,Name" } qw(ada dot cid eve);
my $hashes = q{SELECT md5(string_agg(concat_ws(' ', email, password_hash, external_id, first_name), ' ' ORDER BY email)) FROM canopy.identity WHERE email <> 'new@acme.example' AND account_id = } . "'" . $attack->id('acme') . "'";
my $before = $super->query($hashes);
my $refused = 'ada failed forbidden, dot failed forbidden, cid failed email_conflict, eve failed email_conflict, new created';

# who goes on with an import that the attacker has opened, or changed, is held to what the attacker may
for my $case (
	[ 'opened, uploaded and run by the attacker', $bound, $bound, $bound, 'run' ],
	[ 'opened by the attacker, uploaded and run by an admin', $bound, $wide, $wide, 'run' ],
	[ 'uploaded by the attacker, opened and run by an admin', $wide, $bound, $wide, 'run' ],
	[ 'opened and uploaded by an admin, run by the attacker', $wide, $wide, $bound, 'run' ],
	[ 'opened and uploaded by the attacker, run by an admin', $bound, $bound, $wide, 'run' ],
	[ 'opened and uploaded by the attacker, run by a worker for an admin', $bound, $bound, $wide, 'submit' ],
	[ 'opened and uploaded by an admin, run by a worker for the attacker', $wide, $wide, $bound, 'submit' ],
	[ 'opened, uploaded and run by a role without claims after the attacker has opened it', $bound, $attack->session(user => 'api'), $attack->session(user => 'api'), 'run' ])
{
	my ($what, $opener, $uploader, $runner, $how) = @$case;
	my $id = open_import($opener, 'create', 'update');
	upload($uploader, $id, $file);
	$how eq 'run' ? run($runner, $id) : submit($runner, $id);
	is(outcomes($id), $refused, "$what: no row changes a password");
	is($super->query($hashes), $before, "$what: nor anything of those who were there");
	is($super->query("SELECT is_bound FROM canopy.import WHERE id = '$id'"), 't', "$what: the import is bound");
	$super->query(q{DELETE FROM canopy.identity WHERE email = 'new@acme.example'});
}

# what the preview says is what the run does, for the attacker and for an admin
for my $session ($bound, $wide)
{
	my $id = open_import($bound, 'create', 'update');
	$bound->query("SELECT canopy_bulk_import_upload_text('$id', E'$file', account => 'acme')");
	$session->query("SELECT canopy_bulk_import_preview('$id', account => 'acme')");
	is($super->query("SELECT string_agg(coalesce(plan, issues->0->>'code'), ' ' ORDER BY row_number) FROM canopy.import_row WHERE import_id = '$id'"),
		'forbidden forbidden email_conflict email_conflict create', 'a preview says what a caller that is bound may do');
	is($super->query("SELECT count(resource_id) FROM canopy.import_row WHERE import_id = '$id'"), '0', 'and finds no identity for it');
}

# each step of the attacker binds the import; none of anybody else sets it free
for my $step (q{canopy_bulk_import_map('%s', '{"external_id": null}')}, q{canopy_bulk_import_preview('%s')}, q{canopy_bulk_import_select('%s', selected => true)},
	q{canopy_bulk_import_submit('%s')}, q{canopy_bulk_import_cancel('%s')})
{
	my $id = open_import($wide, 'create', 'update');
	upload($wide, $id, $file);
	is($super->query("SELECT is_bound FROM canopy.import WHERE id = '$id'"), 'f', 'an import of an admin is not bound');
	$bound->query('BEGIN; SELECT ' . sprintf($step, $id));
	$bound->query('COMMIT');
	is($super->query("SELECT is_bound FROM canopy.import WHERE id = '$id'"), 't', sprintf("$step binds it", 'id'));
	$wide->try("SELECT $_('$id', account => 'acme')") for qw(canopy_bulk_import_preview canopy_bulk_import_info canopy_bulk_import_cancel canopy_bulk_import_undo);
	is($super->query("SELECT is_bound FROM canopy.import WHERE id = '$id'"), 't', 'and no admin sets it free');
}
wait_for_jobs();
is($super->query($hashes), $before, 'and nothing has changed by that');
$super->query(q{DELETE FROM canopy.identity WHERE email = 'new@acme.example'});

# a job that is repeated
$bound->query(q{SELECT canopy_bulk_import_url('https://nowhere.example/people.csv', mode => 'create')});
my $newest = q{SELECT id FROM canopy.job WHERE kind = 'import_url' ORDER BY id DESC LIMIT 1};
my $job = $super->query($newest);
$bound->query("SELECT canopy_bulk_job_cancel('$job')");
wait_for_jobs();
$wide->query("SELECT canopy_bulk_job_repeat('$job', account => 'acme')");
isnt($super->query($newest), $job, 'a job is repeated');
is($super->query("SELECT i.is_bound FROM canopy.import AS i JOIN canopy.job AS j ON j.import_id = i.id WHERE j.id = ($newest)"), 't', 'and is as bound as it was, though an admin repeats it');
$wide->query(sprintf q{SELECT canopy_bulk_job_cancel('%s', account => 'acme')}, $super->query($newest));

# invites and learners of a file
my $id = open_import($bound, 'invite', 'error');
upload($bound, $id, 'email,first_name,last_name,intent\ncid@acme.example,,,\nada@acme.example,,,');
run($wide, $id);
is(outcomes($id), 'cid created, ada failed membership_conflict', 'a file of invites');
unlike($bound->query("SELECT canopy_bulk_import_results('$id')") . $bound->query('SELECT canopy_bulk_invites()'), qr/"Cid"/, 'tells no name of an identity that is no member');
$id = open_import($bound, 'learner', 'error');
upload($bound, $id, 'firstName,lastName,email,externalCustomerId\nNew,Name,ada@acme.example,x-ada-Quincunx\nNew,Name,dot@acme.example,new\nNew,Name,cid@acme.example,\nNew,Name,moved@acme.example,x-ada-Quincunx');
run($wide, $id);
is(outcomes($id), 'ada updated, dot failed forbidden, cid failed email_conflict, moved failed external_id_conflict', 'a file of learners');

# what an account-wide import in crm has found is not for the attacker to see
$id = open_import($wide, 'create', 'skip');
upload($wide, $id, $plain);
run($wide, $id);
is(outcomes($id), 'ada skipped, dot skipped, cid skipped, eve skipped', 'an admin skips those who are there');
my $results = JSON::PP->new->decode($bound->query("SELECT canopy_bulk_import_results('$id')"))->{items};
is_deeply([ map { $_->{id} } @$results ], [ (map { $attack->id("$_\@acme.example") } qw(ada dot)), undef, undef ], 'results have the ids of members only');
my $csv = $bound->query("SELECT canopy_bulk_import_csv('$id', 'all')");
is(join(' ', map { index($csv, $attack->id("$_\@acme.example")) >= 0 ? 1 : 0 } qw(ada dot cid eve)), '1 1 0 0', 'and so has the file of results');
is(JSON::PP->new->decode($wide->query("SELECT canopy_bulk_import_results('$id', account => 'acme')"))->{items}[3]{id}, $attack->id('eve@acme.example'), 'an admin sees all');

# undoing what an admin has imported
$id = open_import($wide, 'create', 'update');
upload($wide, $id, $file);
run($wide, $id);
is(outcomes($id), 'ada updated, dot updated, cid updated, eve updated, new created', 'an admin changes passwords by a file');
$wide->query("SELECT canopy_bulk_detach(ARRAY['" . $attack->id('cid@acme.example') . "'::uuid], 'crm', 'acme')");
$super->query(q{DELETE FROM canopy.app_membership WHERE application_id = '} . $attack->id('crm') . q{' AND identity_id = '} . $attack->id('eve@acme.example') . "'");
my $undone = JSON::PP->new->decode($bound->query("SELECT canopy_bulk_import_undo('$id', dry_run => true)"))->{rows};
is(join(', ', map { join ' ', grep { defined } @$_{qw(row_number outcome reason)} } sort { $a->{row_number} <=> $b->{row_number} } @$undone),
	'1 kept forbidden, 2 kept forbidden, 3 kept gone, 4 kept gone, 5 reversed', 'no old password comes back by an undo, and those who are no members are gone');

# what is chosen for a header counts for the application alone
$id = open_import($bound, 'create', 'error');
$bound->query("SELECT canopy_bulk_import_upload_text('$id', E'email,first_name,last_name,note\\nx\@acme.example,A,B,C')");
$bound->query(qq{SELECT canopy_bulk_import_map('$id', '{"note": "external_id", "last_name": "first_name", "first_name": "last_name"}')});
for ([ $wide, 'metadata.note|first_name|last_name', 'an admin is proposed nothing of it' ], [ $bound, 'external_id|last_name|first_name', 'the application is' ])
{
	my ($session, $wanted, $sentence) = @$_;
	my $next = open_import($session, 'create', 'error');
	my $uploaded = JSON::PP->new->decode($session->query("SELECT canopy_bulk_import_upload_text('$next', E'email,first_name,last_name,note\\nx\@acme.example,A,B,C', account => 'acme')"));
	my %field = map { $_->{header} => $_->{field} // '' } @{ $uploaded->{columns} };
	is(join('|', @field{qw(note first_name last_name)}), $wanted =~ s/metadata\.note/$field{note}/r, $sentence);
	isnt($field{note}, 'external_id', 'and no column is another field') if $session == $wide;
}

$attack->end;

sub open_import
{
	my ($session, $mode, $conflict) = @_;
	return $session->query("SELECT canopy_bulk_import_open('$mode', account => 'acme', application => 'crm', environment => 'production', on_conflict => '$conflict')->>'id'");
}

sub upload
{
	my ($session, $id, $text) = @_;
	$session->query("SELECT canopy_bulk_import_upload_text('$id', E'$text', account => 'acme')");
	$session->query("SELECT canopy_bulk_import_preview('$id', account => 'acme')");
	# rows that the preview refuses are sent all the same: the run must refuse them by itself
	$super->query("UPDATE canopy.import_row SET selected = true, verdict = 'valid', issues = NULL WHERE import_id = '$id'");
	return;
}

sub run { my ($session, $id) = @_; $session->query("CALL canopy_bulk_import_run('$id', account => 'acme')"); return }

sub submit
{
	my ($session, $id) = @_;
	$session->query("SELECT canopy_bulk_import_submit('$id', account => 'acme')");
	wait_for_jobs();
	return;
}

# Until no job of an import that has a file waits or runs.
sub wait_for_jobs
{
	my $active = q{SELECT count(*) FROM canopy.job AS j JOIN canopy.import AS i ON i.account_id = j.account_id AND i.id = j.import_id WHERE j.status IN ('queued', 'fetching', 'running') AND i.application_id IS NOT NULL};
	for (1 .. 1200)
	{
		return if $super->query($active) eq '0';
		$super->query('SELECT canopy_bulk_resume()') if $_ % 100 == 0;
		select undef, undef, undef, 0.1;
	}
	die 'a job has not ended: ' . $super->query('TABLE canopy.job');
}

# What became of the rows of an import: "ada updated, cid failed email_conflict".
sub outcomes
{
	my ($id) = @_;
	return $super->query("SELECT string_agg(concat_ws(' ', (regexp_match(r.cells::text, '(\\w+)\@acme'))[1], r.outcome, r.error_code), ', ' ORDER BY row_number) FROM canopy.import_row AS r WHERE import_id = '$id'");
}
