# A call of every function and of every route, with ids of rows that are there, so that each reads
# and writes as much as it can; and a row in every table for them to find.
package Attack::Calls;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP;

our @EXPORT = qw(fill_tables calls functions_without_a_call routes_without_a_call);

my $json = JSON::PP->new->canonical;

# What Attack.pm's directory lacks.  Ids by name go into $attack->{made}.
sub fill_tables
{
	my ($attack) = @_;
	my $super = $attack->super;
	my $person = sub { my ($email, %more) = @_; return $json->encode([ { email => $email, %more } ]) };
	my $items = join ', ', map { sprintf "%s_ids => '{%s}'", $_, $attack->id("acme-$_") } qw(bundle course learning_path license);
	my $options = $json->encode({ map { ("${_}_ids" => [ $attack->id("acme-$_") ]) } qw(bundle course license) });
	my %made;
	$super->query(q{UPDATE canopy.learning_item SET seats = 1000 WHERE kind = 'license'});
	$super->query(sprintf q{SELECT canopy_bulk_enrol('%s', %s, client_id => '%s', account => 'acme')},
		$person->('lea@acme.example', firstName => 'Lea', lastName => 'Long', externalCustomerId => 'L1', status => 'started',
			ref1 => 'r', sfContactId => 'c', sendInvite => \1), $items, $attack->id('acme-portal'));
	http($super, 'POST', '/portal/v1/accounts/acme/identities/' . $attack->id("$_\@acme.example") . '/resend-verification', token($attack))
	  for qw(ada bob);
	$super->query(q{SELECT canopy_bulk_verify_password('bob@acme.example', 'wrong', 'acme')});
	$made{learner} = $super->query(q{SELECT id FROM canopy.identity WHERE email = 'lea@acme.example'});

	# imports: of each mode one that is completed; one with errors; one that deactivates; one to be run
	my $two = sub { my ($name) = @_; return "$name-1\@acme.example,Ann,One\n$name-2\@acme.example,Ben,Two\n" };
	my $import = sub {
		my ($name, $mode, $file, $place, @steps) = @_;
		my $id = $super->query("SELECT canopy_bulk_import_open('$mode', account => 'acme'$place)->>'id'");
		$super->query("SELECT canopy_bulk_import_upload_text('$id', '$file', '$name.csv', account => 'acme')");
		$super->query("SELECT canopy_bulk_import_map('$id', '{\"first_name\": \"first_name\"}', 'acme')") if grep { /map/ } @steps;
		$super->query("SELECT canopy_bulk_import_preview('$id', 'acme')") if grep { /preview|run/ } @steps;
		$super->query("CALL canopy_bulk_import_run('$id', account => 'acme')") if grep { /run/ } @steps;
		$made{$name} = $id;
	};
	my $crm = q{, application => 'crm', environment => 'production'};
	$import->('created', 'create', "email,first_name,last_name,role\n" . $two->('created') =~ s/\n/,x\n/gr, $crm, qw(map run));
	$import->('updated', 'account_create', "email,first_name,last_name\n" . $two->('created'), q{, on_conflict => 'update'}, 'run');
	$import->('invited', 'invite', "email,first_name,last_name\n" . $two->('invited'), $crm, 'run');
	$import->('learnt', 'learner', "email,firstName,lastName,status\nlea\@acme.example,Lea,Other,completed\nleo\@acme.example,Leo,New,started\n",
		", options => '$options'", 'run');
	$import->('missed', 'create', "email,first_name,last_name\ncid\@acme.example,Cid,A\n",
		q{, application => 'wiki', on_conflict => 'skip', missing => 'deactivate', max_missing_percent => 100}, 'run');
	$import->('faulty', 'account_create', "email,first_name,last_name\nno address,Ann,One\ntoo,few\n" . $two->('faulty'), '', 'preview');
	$import->('ready', 'create', "email,first_name,last_name\n" . $two->('ready'), $crm, 'preview');
	$import->('open', 'account_create', "email,first_name,last_name\n" . $two->('open'), $crm =~ s/.*//r);
	$import->('open in crm', 'create', "email,first_name,last_name\n" . $two->('inside'), $crm, 'preview');
	$import->('half', 'create', "email,first_name,last_name\n" . $two->('half'), $crm, 'preview');
	# as if its worker were gone: taken, a lease, nothing written
	$super->query("UPDATE canopy.import SET status = 'running', submitted_at = now(), started_at = now(), attempt = 1, role_name = 'api',
		holder = '1/1/1', heartbeat_at = now(), lease_until = now() + interval '1 day' WHERE id = '$made{half}'");
	$super->query(q{UPDATE canopy.job SET started_at = now(), heartbeat_at = now(), source_etag = 'e', source_sha256 = sha256('x'), fetched_bytes = 1 WHERE account_id = md5('globex')::uuid});
	for my $status (qw(failed queued fetching))
	{
		my $id = $super->query(q{SELECT canopy_bulk_import_open('learner', account => 'acme')->>'id'});
		$made{"job $status"} = $super->query("INSERT INTO canopy.job (account_id, application_id, environment_id, kind, import_id, status, repeatable, actor_id, actor_type, role_name, caller_role, source_url, source_label, parameters, holder)
			VALUES (md5('acme')::uuid, md5('crm')::uuid, md5('production')::uuid, 'import_url', '$id', '$status', true, 'api', 'database_role', 'api', 'api', 'https://files.example/a.csv', 'https://files.example/a.csv',
			'{\"mode\": \"learner\", \"dry_run\": true, \"options\": {}, \"on_conflict\": \"update\"}', '1/1/1') RETURNING id");
	}
	# held by a process of another server, for a day: no other job of the account is taken
	$super->query("UPDATE canopy.job SET lease_until = now() + interval '1 day' WHERE id = '$made{'job fetching'}'");
	$made{"job of import"} = $super->query(q{SELECT id FROM canopy.job WHERE kind = 'import' AND account_id = md5('acme')::uuid});
	$super->query(q{SELECT canopy_bulk_outbox_claim(1, 'acme')});
	$made{mail} = $super->query(q{SELECT id FROM canopy.outbox WHERE status = 'claimed'});
	for my $kind (qw(invite email_verification))
	{
		$made{"$kind token"} = $super->query("SELECT substring(link FROM 'token=([^&]+)') FROM canopy.outbox WHERE kind = '$kind' AND account_id = md5('acme')::uuid AND recipient ~ '^(guest-production|ada)\@'");
	}
	$made{invite} = $super->query(q{SELECT id FROM canopy.identity_invite WHERE email = 'guest-production@acme.example'});
	$super->query(q{SELECT canopy_bulk_invite('[{"email": "wide-guest@acme.example"}]', 'acme')});
	$made{'wide invite'} = $super->query(q{SELECT id FROM canopy.identity_invite WHERE email = 'wide-guest@acme.example'});
	$made{assignment} = $attack->id('production-dot');
	$made{'api key'} = $super->query(q{SELECT id FROM canopy.api_key WHERE name LIKE 'full%' AND environment_id = md5('staging')::uuid});
	$attack->{made} = \%made;
	return;
}

# The calls as SQL, each a SELECT without effects that outlast its transaction.
sub calls
{
	my ($attack) = @_;
	return (function_calls($attack), http_calls($attack));
}

sub function_calls
{
	my ($attack) = @_;
	my $made = $attack->{made};
	my %id = map { $_ => $attack->id($_) } qw(ada@acme.example bob@acme.example cid@acme.example dot@acme.example eve@acme.example
	  production-editor staging-editor production-root production-leaf acme-bundle acme-course acme-license acme-learning_path acme-portal);
	my $text = sub { my ($value) = @_; return "'" . (ref $value ? $json->encode($value) : $value) =~ s/'/''/gr . "'" };
	my $crm = q{account => 'acme', application => 'crm'};
	my $production = "$crm, environment => 'production'";
	my $new = { email => 'new@acme.example', first_name => 'New', last_name => 'One', metadata => { a => 1 }, external_id => 'x1', password => 'long enough' };
	my $old = { email => 'ada@acme.example', first_name => 'Ada', last_name => 'Old' };
	my $placed = { email => 'placed@acme.example', first_name => 'P', last_name => 'Q', role_id => $id{'production-editor'}, node_id => $id{'production-leaf'} };
	my @ids = ("{$id{'cid@acme.example'},$id{'eve@acme.example'}}", [ @id{'cid@acme.example', 'eve@acme.example'} ]);
	my @members = ("{$id{'ada@acme.example'},$id{'dot@acme.example'}}", [ @id{'ada@acme.example', 'dot@acme.example'} ]);
	my $assignments = [ { identity_id => $id{'ada@acme.example'}, role_id => $id{'production-editor'}, node_id => $id{'production-leaf'} },
		{ identity_id => $id{'dot@acme.example'}, role_id => $id{'production-editor'}, node_id => $id{'production-root'} } ];
	my $invites = [ { email => 'guest@acme.example', first_name => 'G', last_name => 'H', client_id => $attack->id('production-client'), role_id => $id{'production-editor'}, node_id => $id{'production-leaf'} },
		{ email => 'guest-production@acme.example', first_name => 'G', last_name => 'H' }, { email => 'eve@acme.example' }, { email => 'ada@acme.example', intent => 'password_reset' } ];
	my $learners = [ { email => 'lea@acme.example', firstName => 'Lea', lastName => 'Moved', status => 'completed', ref2 => 's' }, { email => 'lin@acme.example', firstName => 'Lin', lastName => 'New', externalCustomerId => 'L1' },
		{ email => 'lux@acme.example', firstName => 'Lux', lastName => 'New', sendInvite => \1 } ];
	my $enrol = "canopy_bulk_enrol(%s, '{$id{'acme-bundle'}}', '{$id{'acme-course'}}', '{$id{'acme-learning_path'}}', '{$id{'acme-license'}}', '$id{'acme-portal'}', %s)";
	my $file = $text->("email,first_name,last_name,password\nup-1\@acme.example,A,B,long enough\nbad,C\n\"x\"y,D,E,f\n");
	my ($open, $uploaded, $previewed) = map { $attack->import_id("acme $_") } qw(open uploaded previewed);
	my @calls = (
		"canopy_bulk_create(" . $text->([ $new, $old, $placed ]) . ", $production)",
		"canopy_bulk_create(" . $text->([ $new, $old, $placed ]) . ", $production, on_conflict => 'update')",
		"canopy_bulk_create(" . $text->([ $new, { %$old, application_id => $attack->id('wiki') } ]) . ", account => 'acme', on_conflict => 'skip', idempotency_key => 'new', dry_run => true)",
		"canopy_bulk_create(" . $text->([ { email => 'once@acme.example', first_name => 'Once', last_name => $Attack::WORD{acme} } ]) . ", account => 'acme', idempotency_key => 'day-1')",
		"canopy_bulk_create_raw(convert_to(" . $text->([ $new, $old ]) . ", 'UTF8'), $crm, idempotency_key => 'raw', max_failed => 5)",
		"canopy_bulk_attach('$ids[0]', $crm)", "canopy_bulk_attach('$members[0]', $crm, on_conflict => 'skip')",
		"canopy_bulk_attach_json(" . $text->($ids[1]) . ", $crm)",
		"canopy_bulk_detach('$members[0]', $crm)", "canopy_bulk_detach_json(" . $text->($members[1]) . ", $crm)",
		"canopy_bulk_assign(" . $text->($assignments) . ", $production, on_conflict => 'skip')", "canopy_bulk_assign(" . $text->($assignments) . ", $crm)",
		"canopy_bulk_unassign('{$made->{assignment}}', $crm)", "canopy_bulk_unassign_json(" . $text->([ $made->{assignment} ]) . ", $production)",
		"canopy_bulk_change_role('{$made->{assignment}}', '$id{'production-editor'}', $crm)",
		"canopy_bulk_change_role_json(" . $text->([ $made->{assignment}, $attack->id('staging-dot') ]) . ", '$id{'staging-editor'}', $crm)",
		"canopy_bulk_invite(" . $text->($invites) . ", $production, on_conflict => 'skip')",
		"canopy_bulk_invite(" . $text->([ { email => 'wide@acme.example', application_id => $attack->id('wiki') }, { email => 'all@acme.example' } ]) . ", account => 'acme')",
		"canopy_bulk_invite_info('$made->{'invite token'}')", "canopy_bulk_invite_accept('$made->{'invite token'}', 'long enough', 'A', 'B')",
		"canopy_bulk_invite_resend('$made->{invite}', $production)", "canopy_bulk_invite_revoke('$made->{invite}', $production, idempotency_key => 'r')",
		"canopy_bulk_invites($production)", "canopy_bulk_invites(account => 'acme')", "canopy_bulk_invite_summary($production)",
		"canopy_bulk_outbox_done('$made->{mail}', 1, 'acme')", "canopy_bulk_outbox_failed('$made->{mail}', 1, 'no', account => 'acme')", "canopy_bulk_outbox_claim(100, 'acme')", "canopy_bulk_outbox_claim(1)",
		sprintf($enrol, $text->($learners), "account => 'acme'"),
		sprintf($enrol, $text->($learners), "role => 'production-editor-$Attack::WORD{acme}', $production"),
		"canopy_bulk_verify_password('ada\@acme.example', '$Attack::PASSWORD', $crm)", "canopy_bulk_verify_password('bob\@acme.example', 'wrong', 'acme')",
		"canopy_bulk_authenticate('" . $attack->key('production') . "')", "canopy_bulk_authenticate('" . $attack->token . "')",
		"canopy_bulk_api_key_create('mine', 'crm', 'production', 'acme')", "canopy_bulk_api_key_revoke('$made->{'api key'}', 'acme')",
		"canopy_bulk_import_event('create', 3, 2, 1, 0, $crm, idempotency_key => 'e')", "canopy_bulk_purge('acme')",
		"canopy_bulk_import_open('learner', account => 'acme', options => '{\"course_ids\": [\"$id{'acme-course'}\"]}')",
		"canopy_bulk_import_upload_text('$open', $file, 'a.csv', account => 'acme')", "canopy_bulk_import_upload('$uploaded', convert_to($file, 'UTF8'), account => 'acme')",
		"canopy_bulk_import_upload_body(convert_to($file, 'UTF8')) FROM set_config('request.headers', '{\"import-id\": \"$open\", \"import-account\": \"acme\"}', true)",
		"canopy_bulk_import_map('$uploaded', '{\"first_name\": null, \"last_name\": \"last_name\"}', 'acme')",
		(map { my $import = $_; map { sprintf $_, $import } "canopy_bulk_import_info('%s', 'acme')", "canopy_bulk_import_rows('%s', account => 'acme')", "canopy_bulk_import_preview('%s', 'acme')" } $uploaded, $made->{faulty}, $made->{ready}),
		"canopy_bulk_import_select('$made->{faulty}', '{1,3}', false, 'acme')", "canopy_bulk_import_missing('$made->{ready}', account => 'acme')", "canopy_bulk_import_missing('$made->{missed}', account => 'acme')",
		"canopy_bulk_import_csv('$made->{faulty}', 'failed', account => 'acme')", "canopy_bulk_import_submit('$made->{ready}', account => 'acme')",
		(map { "canopy_bulk_import_cancel('$_', 'acme')" } $previewed, $made->{half}),
		(map { ("canopy_bulk_import_undo('$made->{$_}', account => 'acme')", "canopy_bulk_import_results('$made->{$_}', account => 'acme')") } qw(created updated invited learnt missed)),
		"canopy_bulk_import_undo('$made->{learnt}', true, 'acme')", "canopy_bulk_import_csv('$made->{created}', account => 'acme')",
		"canopy_bulk_imports(account => 'acme')", "canopy_bulk_import_progress('acme')", "canopy_bulk_import_progress()",
		"canopy_bulk_import_url('https://files.example/b.csv', course_ids => '{$id{'acme-course'}}', account => 'acme', idempotency_key => 'u')",
		"canopy_bulk_jobs(account => 'acme')", (map { "canopy_bulk_job('$made->{$_}', 'acme')" } 'job failed', 'job queued', 'job of import'),
		"canopy_bulk_job_cancel('$made->{'job queued'}', 'acme')", "canopy_bulk_job_cancel('$made->{'job of import'}', 'acme')", "canopy_bulk_job_cancel('$made->{'job fetching'}', 'acme')",
		"canopy_bulk_job_repeat('$made->{'job failed'}', 'acme')", "canopy_bulk_resume('acme')",
		q{canopy_bulk_setup('owner')}, "canopy_bulk_sample_csv('learner')", 'canopy_bulk_secret_exposure()', "canopy_bulk_token_key_is_valid('HS256', 'x')");
	return map { "SELECT public.$_" } @calls;
}

# The same over HTTP, with an API key and with a token.
sub http_calls
{
	my ($attack) = @_;
	my $made = $attack->{made};
	my ($ada, $dot, $eve) = map { $attack->id("$_\@acme.example") } qw(ada dot eve);
	my ($acme, $api) = ('/portal/v1/accounts/acme', '/api/v1');
	my $crm = "$acme/applications/crm";
	my $production = "$crm/environments/production";
	my $named = sub { my ($email) = @_; return { email => $email, first_name => 'F', last_name => 'L' } };
	my $assignments = { assignments => [ { identity_id => $ada, role_id => $attack->id('production-editor'), node_id => $attack->id('production-leaf') } ] };
	my $held = { assignment_ids => [ $made->{assignment} ] };
	my $bulk = { identities => [ $named->('bulk@acme.example'), $named->('ada@acme.example') ] };
	my @calls = (
		[ GET => '/openapi.json' ],
		(map { my $path = $_; (
			[ GET => "$path/identities?take=5&sort_by=email" ], [ GET => "$path/identities/summary" ], [ GET => "$path/identities/$dot" ],
			[ POST => "$path/identities", $named->('single@acme.example') ], [ PATCH => "$path/identities/$ada", { first_name => 'Changed', metadata => { b => 2 } } ],
			[ POST => "$path/identities/bulk-create", $bulk ]) } $acme, $crm, $api),
		(map { my $path = "$_/identities"; (
			[ GET => "$path/$dot/detail" ], [ GET => "$path/$dot/assignments" ], [ DELETE => "$path/$ada" ], [ POST => "$path/$ada/deactivate" ], [ POST => "$path/$ada/activate" ]) } $crm, $api),
		[ GET => "$acme/identities?not_in_application=" . $attack->id('crm') ], [ PATCH => "$acme/identities/$eve/status", { is_active => \0 } ],
		[ POST => "$acme/identities/$ada/reset-password" ], [ POST => "$acme/identities/$ada/resend-verification" ], [ GET => "$acme/identities/$ada/audit?q=identity" ],
		[ POST => "$acme/identities/$eve/app-memberships", { application_id => $attack->id('crm') } ], [ DELETE => "$acme/identities/$dot/app-memberships/" . $attack->id('crm') ],
		[ POST => "$crm/app-memberships/bulk-attach", { identity_ids => [$eve] } ], [ POST => "$crm/identities/bulk-import-events", { mode => 'create', total => 1, succeeded => 1, failed => 0 } ],
		[ POST => '/v1/identity/auth/invite-info', { token => $made->{'invite token'} } ],
		[ POST => '/v1/identity/auth/accept-invite', { token => $made->{'invite token'}, password => 'long enough', first_name => 'A', last_name => 'B' } ],
		[ POST => '/v1/identity/auth/verify-email', { token => $made->{'email_verification token'} } ],
		(map { my $path = "$_/identity-invites"; ([ GET => $path ], [ GET => "$path/summary" ], [ POST => $path, { email => 'single-guest@acme.example', first_name => 'S', last_name => 'G' } ]) } $acme, $production, $api),
		(map { my $path = "$_/identity-invites/$made->{invite}"; ([ POST => "$path/resend" ], [ DELETE => $path ]) } $production, $api),
		(map { my $path = "$_/assignments"; ([ POST => "$path/bulk-create", $assignments ], [ POST => "$path/bulk-remove", $held ],
			[ POST => "$path/bulk-change-role", { %$held, role_id => $attack->id('production-editor') } ]) } $production, $api),
		(map { ([ POST => "$_/identity-invites/bulk-create", { invites => [ $named->('more@acme.example') ] } ]) } $production, $api),
		(map { my $path = "$acme/identity-invites/$made->{'wide invite'}"; ([ POST => "$path/resend" ], [ DELETE => $path ]) } 1),
		[ POST => '/incoming/v2/users/bulkImport', { url => 'https://files.example/c.csv' } ],
		(map { my $path = '/incoming/v2/jobs/' . $made->{"job $_->[0]"}; [ $_->[1], "$path$_->[2]" ] } [ 'failed', 'GET', '' ], [ 'queued', 'POST', '/cancel' ], [ 'failed', 'POST', '/repeat' ]),
		(map { my $path = "$_/jobs"; ([ GET => $path ], [ GET => "$path/$made->{'job failed'}" ], [ POST => "$path/$made->{'job queued'}/cancel" ], [ POST => "$path/$made->{'job failed'}/repeat" ]) } $acme, $api),
		import_calls("$acme/imports", 'account_create', @$made{qw(open faulty updated)}),
		(map { import_calls("$_/imports", 'create', @$made{'open in crm', 'ready', 'created'}) } $crm, $api));
	return map { http_call(@$_[ 0, 1 ], $_->[1] =~ m{^(?:$api|/incoming)} ? key($attack) : token($attack), $_->[2]) } @calls;
}

# On one that takes a file, one that is previewed, and one that has ended.
sub import_calls
{
	my ($path, $mode, @imports) = @_;
	my ($open, $previewed, $ended) = map { "$path/$_" } @imports;
	return ([ GET => $path ], [ POST => $path, { mode => $mode } ], [ GET => "$path/sample.csv?mode=create" ], [ GET => $previewed ],
		[ PUT => "$open/file", \"email,first_name,last_name\nfile\@acme.example,A,B\n" ], [ PUT => "$previewed/mapping", { last_name => undef } ], [ POST => "$previewed/preview" ],
		[ GET => "$previewed/rows" ], [ PUT => "$previewed/selection", { row_numbers => [1], selected => \0 } ], [ POST => "$previewed/submit" ], [ POST => "$previewed/cancel" ],
		[ POST => "$ended/undo" ], [ GET => "$ended/missing" ], [ GET => "$ended/results" ], [ GET => "$ended/results.csv" ]);
}

# A request as SQL; the body is Perl data, or a reference to the text of a file.
sub http_call
{
	my ($method, $path, $headers, $body) = @_;
	my %headers = %$headers;
	my $bytes = 'NULL';
	if (defined $body)
	{
		$headers{'Content-Type'} = ref $body eq 'SCALAR' ? 'text/csv' : 'application/json';
		$bytes = sprintf "convert_to('%s', 'UTF8')", (ref $body eq 'SCALAR' ? $$body : $json->encode($body)) =~ s/'/''/gr;
	}
	return sprintf "SELECT status FROM public.canopy_bulk_http('%s', '%s', '%s', %s)", $method, $path, $json->encode(\%headers), $bytes;
}

sub http { my ($session, @request) = @_; return $session->query(http_call(@request)) }
sub key { my ($attack) = @_; return { 'X-API-Key' => $attack->key('production') } }
sub token { my ($attack) = @_; return { Authorization => 'Bearer ' . $attack->token } }

# Functions of the extension that no call names; procedures end transactions and are called elsewhere.
sub functions_without_a_call
{
	my ($attack, @calls) = @_;
	my $calls = join "\n", @calls;
	return grep { $calls !~ /public\.$_\(/ } split /\n/, $attack->super->query(q{SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
		WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk') AND p.prokind = 'f' AND p.proname LIKE 'canopy%' ORDER BY 1});
}

# Operations of the OpenAPI document that no call is for, as "GET /path".
sub routes_without_a_call
{
	my ($attack, @calls) = @_;
	my $document = $json->decode($attack->super->query(q{SELECT convert_from(body, 'UTF8') FROM canopy_bulk_http('GET', '/openapi.json')}));
	my @requests = map { /canopy_bulk_http\('(\w+)', '([^?']+)/ ? "$1 $2" : () } @calls;
	my @missing;
	for my $path (sort keys %{ $document->{paths} })
	{
		my $pattern = join '[^/]+', map { quotemeta } split /\{\w+\}/, $path, -1;
		for my $method (map { uc } grep { /^(?:get|post|put|patch|delete)$/ } sort keys %{ $document->{paths}{$path} })
		{
			push @missing, "$method $path" unless grep { /^$method $pattern$/ } @requests;
		}
	}
	return @missing;
}

1;
