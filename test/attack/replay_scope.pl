# Attacker: a caller with EXECUTE, and API keys or tokens of one application, environment or account.
# Rights: the functions and routes that take an idempotency key, and a key that another caller has used.
# Must not happen: a caller is given the answer of a call in another scope, or its own call does not
#   happen because of one. The scope is account, application, environment and whether the caller is bound.
use strict;
use warnings;
use Attack;
use JSON::PP;
use Test::More;

my $attack = Attack->new('replay_scope', settings => ["canopy_bulk.import_allowed_hosts = 'nowhere.example'"]);
my $super = $attack->super;
my $json = JSON::PP->new->canonical;
my %id = map { $_ => $attack->id($_) } qw(dot@acme.example dot@globex.example crm shop production-editor production-root production-leaf production-dot shop-live-dot acme-course);

# Callers: the scope that a call gets, the headers of a request, and in SQL what makes the session the caller's.
my @caller = (
	key('production', 'acme crm production'), key('production-scoped', 'acme crm production'), key('staging', 'acme crm staging'),
	key('wiki-live', 'acme wiki wiki-live'), key('shop-live', 'globex shop shop-live'),
	token('a token for crm', 'acme crm', 1, application => 'crm'), token('a token for production', 'acme crm production', 1, application => 'crm', environment => 'production'),
	token('a token for acme', 'acme', 0), token('a token for globex', 'globex', 0, account => 'globex'),
	named('a role in crm', 'acme', 'crm', ''), named('a role in production', 'acme', 'crm', 'production'), named('a role in acme', 'acme', '', ''),
	named('a role in shop', 'globex', 'shop', ''), token('a token for acme and crm', 'acme crm production', 0, \q{SET LOCAL canopy_bulk.application = 'crm'; SET LOCAL canopy_bulk.environment = 'production'}));

# What a request needs to be there, by its path; each returns the id for the path, in the scope of the first caller.
my %thing = (
	identities => sub { $_[1] =~ /app-memberships$/ ? $attack->id('ada@acme.example') : $id{"dot\@$_[0]{account}.example"} },
	'identity-invites' => sub { one(qq{SELECT canopy_bulk_invite('[{"email":"x\@x.example","first_name":"A","last_name":"B"}]', @{[ names($_[0]) ]}) #>> '{results,0,data,id}'}) },
	imports => sub { import_of($_[0], $_[1]) },
	jobs => sub {
		one(sprintf q{SELECT canopy_bulk_import_url('https://nowhere.example/a.csv', mode => '%s', %s)::text}, $_[0]{application} ? 'create' : 'account_create', names($_[0]));
		my $job = one('SELECT id FROM canopy.job ORDER BY id DESC LIMIT 1');
		one("SELECT canopy_bulk_job_cancel('$job', account => '$_[0]{account}')::text") if $_[1] =~ /repeat/;
		return $job;
	});

# What is sent, by the schema of the body
my $person = { email => 'once-more@x.example', first_name => 'A', last_name => 'B' };
my %body = (
	Identity => $person, AccountIdentity => $person, Identities => { identities => [$person] }, AccountIdentities => { identities => [$person] },
	IdentityChange => { first_name => 'New' }, AccountIdentityChange => { first_name => 'New' }, IdentityStatus => { is_active => JSON::PP::false }, 
	IdentityIds => { identity_ids => [ $attack->id('cid@acme.example') ] }, Invite => $person, AccountInvite => $person, Invites => { invites => [$person] },
	Assignments => { assignments => [ { identity_id => $id{'dot@acme.example'}, role_id => $id{'production-editor'}, node_id => $id{'production-leaf'} } ] },
	AssignmentIds => { assignment_ids => [ $id{'production-dot'} ] }, RoleChange => { assignment_ids => [ $id{'production-dot'} ], role_id => $id{'production-editor'} },
	ImportOrder => { mode => 'create' }, ImportSubmission => {}, MembershipRequest => { application_id => $attack->id('wiki') }, ImportEvent => { mode => 'create', total => 1, succeeded => 1, failed => 0 },
	BulkImportOrder => { url => 'https://nowhere.example/learners.csv' });

# every route that takes a key
my @routes = map { [ split /\|/ ] } split /\n/, $super->query(q{SELECT upper(m.key), p.key, coalesce(regexp_replace(m.value #>> '{requestBody,content,application/json,schema,$ref}', '.*/', ''), '')
	FROM canopy_bulk_http('GET', '/openapi.json') AS h, jsonb_each(convert_from(h.body, 'UTF8')::jsonb->'paths') AS p, jsonb_each(p.value) AS m
	WHERE m.value->'parameters' @> '[{"$ref":"#/components/parameters/idempotencyKey"}]' ORDER BY 2, 1});
cmp_ok(scalar @routes, '>', 40, 'the document of the API has the routes that take a key');
for my $route (@routes)
{
	my ($method, $path, $schema) = @$route;
	my $body = $path =~ m!/accounts/\{account\}/imports$! ? { mode => 'account_create' } : $body{$schema};
	next if !ok($schema eq '' || $body, "there is a body for $method $path ($schema)");
	try_pairs("$method $path", [ grep { $_->{headers} && $_->{name} ne 'a token for production' } @caller ], sub {
		my ($caller, $thing, $key) = @_;
		(my $place = $path) =~ s/\{(\w+)\}/{ account => $thing->{account}, application => $thing->{account} eq 'acme' ? 'crm' : 'shop', environment => $thing->{account} eq 'acme' ? 'production' : 'shop-live', application_id => $id{crm}, id => $thing->{id} }->{$1}/ge;
		my %headers = (%{ $caller->{headers} }, 'content-type' => 'application/json', $key ? ('idempotency-key' => $key) : ());
		return sprintf q{SELECT json_build_array(status, headers ? 'Idempotency-Replayed', convert_from(body, 'UTF8')) FROM canopy_bulk_http('%s', '%s', '%s', convert_to('%s', 'UTF8'))},
		  $method, $place, $json->encode(\%headers), $schema eq '' ? '' : $json->encode($body);
	}, sub {
		my ($caller) = @_;
		my %where = %$caller;
		# a path that names its place is where the thing is, too
		@where{qw(application environment)} = $where{account} eq 'acme' ? qw(crm production) : qw(shop shop-live) if $path =~ /\{application\}/;
		@where{qw(application environment)} = ('', '') if $path =~ m{\{account\}/(?!applications/)};
		my ($kind) = $path =~ m!/([\w-]+)/\{id\}!;
		return { account => $where{account}, id => $kind ? $thing{$kind}->(\%where, $path) : '' };
	}, scope_of_path($path));
}

# every function that takes a key
my $row = q{'[{"email":"once-more@x.example","first_name":"A","last_name":"B"}]'};
my %call = (
	canopy_bulk_create => $row, canopy_bulk_create_raw => "convert_to($row, 'UTF8')", canopy_bulk_invite => $row,
	canopy_bulk_enrol => q{'[{"email":"once-more@x.example","firstName":"A","lastName":"B"}]'},
	(map { $_ => q{ARRAY[':identity'::uuid], on_conflict => 'skip'} } qw(canopy_bulk_attach canopy_bulk_detach)), (map { $_ => q{'[":identity"]', on_conflict => 'skip'} } qw(canopy_bulk_attach_json canopy_bulk_detach_json)),
	canopy_bulk_assign => q{'[7]'}, canopy_bulk_unassign => q{ARRAY[':assignment'::uuid]}, canopy_bulk_unassign_json => q{'[":assignment"]'},
	canopy_bulk_change_role => "ARRAY[':assignment'::uuid], '$id{'production-editor'}'", canopy_bulk_change_role_json => qq{'[":assignment"]', '$id{'production-editor'}'},
	canopy_bulk_import_event => q{':mode', 1, 1, 0}, canopy_bulk_import_url => q{'https://nowhere.example/a.csv'},
	canopy_bulk_invite_resend => q{':invite'}, canopy_bulk_invite_revoke => q{':invite'});
for my $function (split /\n/, $super->query(q{SELECT DISTINCT proname FROM pg_proc WHERE 'idempotency_key' = ANY (proargnames) ORDER BY 1}))
{
	next if !ok($call{$function}, "there is a call of $function");
	try_pairs($function, [ grep { $_->{name} !~ /production-scoped|a token for production|a token for globex|a role in (?:crm|shop)/ } @caller ], sub {
		my ($caller, $thing, $key) = @_;
		(my $arguments = $call{$function}) =~ s/:(identity|assignment|invite|mode)/$thing->{$1}/g;
		return "SAVEPOINT caller; RESET canopy_bulk.account; RESET canopy_bulk.application; RESET canopy_bulk.environment; SET LOCAL request.method = 'POST'; SET LOCAL response.headers = ''; $caller->{sql}; "
		  . sprintf q{SELECT json_build_array(200, coalesce(current_setting('response.headers'), '') ~ 'Replayed', a.answer) FROM (SELECT public.%s(%s%s)::text AS answer OFFSET 0) AS a}, $function, $arguments, $key ? ", idempotency_key => '$key'" : '';
	}, sub {
		my ($caller) = @_;
		return { account => $caller->{account}, identity => $id{"dot\@$caller->{account}.example"}, assignment => $id{ $caller->{account} eq 'acme' ? 'production-dot' : 'shop-live-dot' },
			mode => $caller->{application} ? 'create' : 'account_create', invite => $function =~ /invite_re/ ? $thing{'identity-invites'}->($caller) : '' };
	}, sub { $_[0]{scope} });
}

# two callers at the same time: with another scope neither waits, with the same one the second is given the answer of the first
my %route = (
	'POST /api/v1/imports' => { mode => 'create' }, 'POST /api/v1/identities/bulk-create' => { identities => [7] }, 'POST /incoming/v2/users/bulkImport' => { url => 'https://nowhere.example/learners.csv' });
my %by_name = map { $_->{name} => $_ } @caller;
my ($one, $two) = map { $attack->session } 1 .. 2;
my $n = 0;
for my $request (sort keys %route)
{
	for my $pair ([ 'production', 'staging' ], [ 'staging', 'production' ], [ 'production', 'wiki-live' ], [ 'wiki-live', 'shop-live' ], [ 'a token for crm', 'production' ], [ 'production', 'production-scoped' ], [ 'a token for production', 'production' ])
	{
		my ($first, $second) = map { $by_name{$_} } @$pair;
		my ($method, $path) = split / /, $request;
		my $key = 'together-' . ++$n;
		my $sql = sub { sprintf q{SELECT json_build_array(status, headers ? 'Idempotency-Replayed', md5(convert_from(body, 'UTF8'))) FROM canopy_bulk_http('%s', '%s', '%s', convert_to('%s', 'UTF8'))},
			  $method, $path, $json->encode({ %{ $_[0]{headers} }, 'content-type' => 'application/json', 'idempotency-key' => $key }), $json->encode($route{$request}) };
		$one->query('BEGIN');
		my $answer = decode_json($one->query($sql->($first)));
		$two->start($sql->($second));
		my $same = $first->{scope} eq $second->{scope};
		# jobs of one account are queued one after the other, whoever asks
		my $waits = $same || $request =~ /bulkImport/ && $first->{account} eq $second->{account};
		my $done = wait_until(sub { $waits ? $super->query('SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ' . $two->pid) : $two->is_done });
		ok($done, "$request of $pair->[0] and $pair->[1]: the second " . ($waits ? 'waits' : 'does not wait'));
		$one->query('COMMIT');
		my $other = decode_json($two->finish->{output});
		is(join(' ', $other->[1] ? 'replayed' : 'its own', $other->[2] eq $answer->[2] ? 'same' : 'other'), $same ? 'replayed same' : $request =~ /bulk-create/ ? 'its own same' : 'its own other', 'and is given ' . ($same ? 'the answer of the first' : 'one of its own'));
		$super->query('SELECT canopy_bulk_job_cancel(id, account => (SELECT slug FROM canopy.account WHERE id = account_id)) FROM canopy.job WHERE kind = $$import_url$$ AND status IN ($$queued$$, $$fetching$$)');
	}
}
is($super->query(q{SELECT count(*) FROM canopy.idempotency_key WHERE answer::text LIKE '%token=%'}), '0', 'no answer that is kept has a token');
$_->quit for $one, $two;
$attack->end;

# Two callers one after the other, each first, with one key and one request. Everything is undone after each pair.
sub try_pairs
{
	my ($what, $callers, $call, $prepare, $scope) = @_;
	my (@wrong, %replayed, %failed);
	for my $first (@$callers)
	{
		for my $second (@$callers)
		{
			# claims that were proved cannot be taken off again
			next if $first->{proved} && !$second->{proved} || $failed{ $first->{name} };
			$super->query('BEGIN');
			my $thing = eval { $prepare->($first) };
			if ($thing)
			{
				# a call that fails leaves no key
				my $answer = ask($call->($first, $thing, 'one-key'));
				$failed{ $first->{name} } = $answer->[0] >= 300;
				my $alone = ask_and_undo($call->($second, $thing, ''));
				my $other = ask($call->($second, $thing, 'one-key'));
				my $same = $answer->[0] < 300 && $alone->[0] != 403 && $scope->($first) eq $scope->($second);
				$replayed{ $scope->($first) }++ if $other->[1];
				push @wrong, "$first->{name}, then $second->{name}: " . substr($json->encode([ $same, $answer, $other, $alone ]), 0, 900)
				  if $same ? !$other->[1] || plain($other->[2]) ne plain(without_link($answer->[2])) : $other->[1] || $other->[0] ne $alone->[0] || plain($other->[2]) ne plain($alone->[2]);
			}
			$super->query('ROLLBACK');
		}
	}
	ok(%replayed, "$what: is repeated for the same scope");
	return is(join("\n", splice @wrong, 0, 3), '', "$what: and for no other");
}

sub ask
{
	my ($sql) = @_;
	my $answer = $super->try("SAVEPOINT ask; $sql");
	return decode_json($answer->{output}) if !$answer->{state};
	$super->query('ROLLBACK TO ask');
	return [ 500, JSON::PP::false, "$answer->{state} $answer->{message}" ];
}

sub ask_and_undo
{
	my ($sql) = @_;
	$super->query('SAVEPOINT alone');
	my $answer = ask($sql);
	$super->query('ROLLBACK TO alone');
	return $answer;
}

# An answer without what is another one each time.
sub plain { my ($text) = @_; return ($text // '') =~ s/01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f-]{21}|\d{4}-\d\d-\d\dT[\d:.]+Z|token=[\w-]+//gr }

# What is kept of an answer for those who repeat it.
sub without_link { my ($text) = @_; return ($text // '') =~ s/"accept_url": "[^"]*"/"accept_url": null/gr }

sub one { my ($sql) = @_; return $super->query($sql) }

sub key
{
	my ($name, $scope) = @_;
	my $key = $attack->key($name);
	return { caller_in($name, $scope, 1), proved => 1, headers => { 'x-api-key' => $key }, sql => "SELECT canopy_bulk_authenticate('$key')" };
}

sub token
{
	my ($name, $scope, $bound, @claims) = @_;
	my $settings = ref $claims[0] ? ${ shift @claims } . '; ' : '';
	my $token = $attack->token(@claims);
	return { caller_in($name, $scope, $bound), proved => 1, $settings ? () : (headers => { authorization => "Bearer $token" }), sql => "${settings}SELECT canopy_bulk_authenticate('$token')" };
}

# A role without claims; what it works on is in the settings.
sub named
{
	my ($name, @names) = @_;
	return { caller_in($name, join(' ', grep { $_ } @names), 0), sql => join '; ', map { "SET LOCAL canopy_bulk.$_ = '" . shift(@names) . "'" } qw(account application environment) };
}

sub caller_in
{
	my ($name, $scope, $bound) = @_;
	my ($account, $application, $environment) = (split(/ /, $scope), '', '');
	return (name => $name, scope => "$scope $bound", bound => $bound, account => $account, application => $application // '', environment => $environment // '');
}

# The scope of a request is what its path names, and the credential.
sub scope_of_path
{
	my ($path) = @_;
	return sub {
		my ($caller) = @_;
		return $caller->{scope} if $path !~ /\{account\}/;
		my ($application, $environment) = $caller->{account} eq 'acme' ? qw(crm production) : qw(shop shop-live);
		return join ' ', $caller->{account}, $path =~ /\{application\}/ ? $application : '', $path =~ /\{environment\}/ ? $environment : $caller->{environment}, $caller->{bound} };
}

sub names { my ($where) = @_; return "account => '$where->{account}', application => '$where->{application}', environment => '$where->{environment}'" }

sub import_of
{
	my ($where, $path) = @_;
	my $mode = $where->{application} ? 'create' : 'account_create';
	my $id = one("SELECT canopy_bulk_import_open('$mode', @{[ names($where) ]})->>'id'");
	one("SELECT canopy_bulk_import_upload_text('$id', E'email,first_name,last_name\\nonce-more\@x.example,A,B', account => '$where->{account}')");
	one("SELECT canopy_bulk_import_preview('$id', account => '$where->{account}')");
	one("SELECT canopy_bulk_import_cancel('$id', account => '$where->{account}')") if $path =~ /undo/;
	return $id;
}

sub wait_until
{
	my ($is_so) = @_;
	for (1 .. 600)
	{
		return 1 if $is_so->();
		select undef, undef, undef, 0.05;
	}
	return 0;
}
