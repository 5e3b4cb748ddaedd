# Attacker: a caller that is bound to an account, or to one of its applications.
# Rights: EXECUTE on every function, every route, and the ids, slugs, addresses and keys of strangers:
#   of another account, or of another application and of identities that are no members.
# Must not happen: a call with them changes a row of the strangers, tells anything of them, or is
#   answered otherwise than with ids that nobody has.
# CANOPY_LONG=1 plays 100,000 calls; CANOPY_SEED=n plays those of a run again.
use strict;
use warnings;
use Attack;
use FindBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $calls = $ENV{CANOPY_LONG} ? 100_000 : 5_000;
my $seed = $ENV{CANOPY_SEED} // int rand 2**31;
srand $seed;
diag("seed $seed, $calls calls");
my $attack = Attack->new('strangers', settings => [ "canopy_bulk.import_allowed_hosts = 'nowhere.example'", 'canopy_bulk.login_max_failures = 0' ]);
my ($super, $session) = ($attack->super, $attack->session(user => 'api'));
my $json = JSON::PP->new->canonical;
fill();

# who plays: the strangers' pools, what binds the session, the headers of a request, and words that are the strangers'
my $key = $attack->key('production');
my %bound = (account => 'acme', application => 'crm', environment => 'production');
my @attacks = (
	{ name => 'account', strangers => [ pools('globex') ], own => pools('acme', q{<> '-'}), words => 'Zeugmatic|globex|shop|blog',
		who => [ claims(account => 'acme'), authenticated($attack->token) ], headers => [ { authorization => 'Bearer ' . $attack->token } ] },
	{ name => 'application', strangers => [ (pools('acme', q{= 'wiki'})) x 3, pools('globex') ], own => pools('acme', q{= 'crm'}), words => 'wiki|Cid|Eve|cid@|eve@|Zeugmatic|globex',
		who => [ claims(%bound), authenticated($key), authenticated($attack->token(%bound)), claims(account => 'acme', application => 'crm') ],
		headers => [ { 'x-api-key' => $key }, { authorization => 'Bearer ' . $attack->token(%bound) }, { authorization => 'Bearer ' . $attack->token(account => 'acme', application => 'crm') } ] });

my @functions = functions();
my @routes = routes();
my (%said, %played, @bad, @foreign, @unknown);
my $current;
$_->{before} = $super->query("SELECT stranger.watch('$_->{name}'); SELECT stranger.effect_$_->{name}()") for @attacks;
my $contents = $attack->contents;
for my $n (1 .. $calls)
{
	$current = $attacks[ $n % 2 ];
	(@foreign, @unknown) = ();
	my ($what, $call, $who) = rand() < 0.5 ? a_function() : a_route();
	# that an address or external id is taken is what an application may know
	my $alike = $current->{name} eq 'account' || $call !~ /"(?:email|external_id|externalCustomerId)"|email,/;
	my $answer = $session->try(sprintf q{SELECT stranger.play('%s', %s, %s, %s, %s, %s, '%s', %s)}, $current->{name}, quoted($who), quoted($call),
		array(@foreign), array(@unknown), $alike ? 'true' : 'false', $what =~ /openapi/ ? 'no word' : $current->{words}, $current->{before});
	my $said = $answer->{state} ? "ends with $answer->{state} $answer->{message}" : $answer->{output};
	push @bad, "call $n, a caller of its $current->{name}: $what $said" if $said =~ /^(?:ends with|has an effect|is told)/;
	$said{$said}++ if $said !~ /^is told/;
	$played{$what}++;
	last if @bad > 20;
}
is(join("\n", @bad), '', "no call is answered otherwise, tells anything or has an effect (seed $seed)");
is(join(' ', grep { !$played{$_} } map { $_->{name} } @functions, @routes), '', 'every function and route has been called');
ok($said{answered} > $calls / 50, 'and not all was refused');
note(join "\n", map { "$said{$_} $_" } sort { $said{$b} <=> $said{$a} } keys %said);
$attack->is_unchanged($contents, 'nothing of it stays');
$attack->end;

# What the directory does not have yet: imports and jobs of applications, learners, mail, memberships that ended.
sub fill
{
	$attack->finish_jobs;
	$super->query(slurp_file("$FindBin::RealBin/strangers.sql"));
	for my $at ([ 'acme', 'crm', 'production' ], [ 'acme', 'wiki', 'wiki-live' ], [ 'globex', 'shop', 'shop-live' ])
	{
		my $names = sprintf q{account => '%s', application => '%s', environment => '%s'}, @$at;
		my $word = $Attack::WORD{ $at->[0] };
		for my $step (qw(open uploaded previewed cancelled))
		{
			my $id = $super->query("SELECT canopy_bulk_import_open('create', $names)->>'id'");
			$super->query("SELECT canopy_bulk_import_upload_text('$id', E'email,first_name,last_name\\nf-$step\@$at->[0].example,Fay,$word', account => '$at->[0]')") if $step ne 'open';
			$super->query("SELECT canopy_bulk_import_preview('$id', account => '$at->[0]')") if $step eq 'previewed';
			$super->query("SELECT canopy_bulk_import_cancel('$id', account => '$at->[0]')") if $step eq 'cancelled';
		}
		$super->query("BEGIN; SELECT canopy_bulk_import_url('https://nowhere.example/$at->[1].csv', mode => 'create', $names); SELECT canopy_bulk_job_cancel(id, account => '$at->[0]') FROM canopy.job ORDER BY id DESC LIMIT 1; COMMIT");
		$super->query(sprintf q{SELECT canopy_bulk_enrol('[{"firstName":"%s","lastName":"%s","email":"%s@%s.example","city":"%2$s","sendInvite":"yes"}]', course_ids => ARRAY['%s'::uuid], account => '%4$s')},
			ucfirst $_, $word, $_, $at->[0], $attack->id("$at->[0]-course")) for $at->[1] eq 'wiki' ? 'cid' : 'ada';
		$super->query("SELECT canopy_bulk_create('[7]', $names, idempotency_key => 'key-$at->[1]')");
	}
	# the rows of strangers: of another account; of another application, of the whole account, and of identities that are no members
	my $acme = $attack->id('acme');
	my $wiki = $attack->id('wiki');
	my $members = sprintf q{SELECT identity_id FROM canopy.app_membership WHERE application_id = '%s'}, $attack->id('crm');
	for my $table (split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p') AND relname NOT IN ('migration', 'token_key')}))
	{
		my %has = map { $_ => 1 } split /\n/, $super->query("SELECT attname FROM pg_attribute WHERE attrelid = 'canopy.$table'::regclass AND attnum > 0");
		my $account = $table eq 'account' ? 'x.id' : 'x.account_id';
		my $globex = "$account = '" . $attack->id('globex') . "'";
		my $other = $table eq 'outbox' ? "x.invite_id IS NULL AND x.identity_id NOT IN ($members) OR x.invite_id IN (SELECT id FROM canopy.identity_invite WHERE application_id = '$wiki')"
		  : $table eq 'idempotency_key' ? "x.application_id <> '" . $attack->id('crm') . "'"
		  : $has{application_id} ? $table eq 'audit_log' ? "x.application_id = '$wiki'" : "x.application_id IS DISTINCT FROM '" . $attack->id('crm') . "'" : $table eq 'application' ? "x.id = '$wiki'" : $table eq 'identity' ? "x.id NOT IN ($members)"
		  : $has{identity_id} ? "x.identity_id NOT IN ($members)" : $has{environment_id} ? "x.environment_id IN (SELECT id FROM canopy.environment WHERE application_id = '$wiki')"
		  : $has{import_id} ? "x.import_id NOT IN (SELECT id FROM canopy.import WHERE application_id = '" . $attack->id('crm') . "')" : 'true';
		# what the attacker makes belongs to crm, or to an identity that is a member by then
		$super->query(sprintf q{INSERT INTO stranger.rows VALUES ('account', 'canopy.%s', %s), ('application', 'canopy.%1$s', %s)}, $table, quoted($globex), quoted("$globex OR $account = '$acme' AND ($other)"));
	}
	return;
}

# Ids, slugs and the like by kind: of an account, and of the applications that are meant.
sub pools
{
	my ($account, $applications) = @_;
	my $of = "account_id = '" . $attack->id($account) . "'";
	my $strangers = defined $applications && $applications eq q{= 'wiki'};
	my $in = defined $applications ? "application_id IN (SELECT id FROM canopy.application WHERE $of AND slug $applications)" : 'true';
	$in .= ' OR application_id IS NULL' if $strangers;
	my $environments = "environment_id IN (SELECT id FROM canopy.environment WHERE $of AND ($in))";
	my $member = "SELECT identity_id FROM canopy.app_membership WHERE application_id = '" . $attack->id('crm') . "'";
	my $people = $strangers ? "id NOT IN ($member)" : ($applications // '') eq q{= 'crm'} ? "id IN ($member)" : 'true';
	my %pool = map { $_->[0] => [ split /\n/, $super->query("SELECT $_->[1] FROM canopy.$_->[2] WHERE $of AND ($_->[3]) ORDER BY 1") ] } (
		[ identity => 'id', 'identity', $people ], [ email => 'email', 'identity', $people ], [ external_id => 'external_id', 'identity', "external_id IS NOT NULL AND $people" ],
		[ role => 'id', 'role', $environments ], [ node => 'id', 'node', $in ], [ membership => 'id', 'app_membership', $in ], [ assignment => 'id', 'role_assignment', $in ],
		[ invite => 'id', 'identity_invite', $in ], [ import => 'id', 'import', $in ], [ job => 'id', 'job', $in ], [ api_key => 'id', 'api_key', $in ], [ client => 'id', 'oauth_client', $in ],
		[ item => 'id', 'learning_item', $strangers ? 'false' : 'true' ], [ portal => 'id', 'portal_client', $strangers ? 'false' : 'true' ], [ mail => 'id', 'outbox', $strangers ? "identity_id NOT IN ($member)" : 'true' ],
		[ environment => 'slug', 'environment', $in ], [ environment => 'id::text', 'environment', $in ], [ role_name => 'name', 'role', $environments ]);
	$pool{environment} = [ @{ $pool{environment} }, split /\n/, $super->query("SELECT slug FROM canopy.environment WHERE $of AND ($in)") ];
	$pool{application} = [ split /\n/, $super->query("SELECT unnest(ARRAY[slug, id::text]) FROM canopy.application WHERE $of AND " . ($in =~ s/application_id/id/r =~ s/ OR .*//r)) ];
	$pool{application_id} = [ grep { /-.*-.*-.*-/ } @{ $pool{application} } ];
	$pool{account} = [ $strangers ? $attack->id('nowhere') : $account, $attack->id($strangers ? 'nobody' : $account) ];
	$pool{key} = [ $strangers ? 'key-wiki' : $account eq 'globex' ? 'key-shop' : 'key-crm' ];
	return \%pool;
}

# A value: mostly of strangers, and then a placeholder, with one of the same form that nobody has.
sub value
{
	my ($kind, $strange) = @_;
	my $theirs = $current->{strangers}[ rand @{ $current->{strangers} } ];
	$kind = (qw(identity role node invite import job))[ rand 6 ] if $kind =~ /^(?:identity|role|node|assignment|invite|import|job|api_key|client|item|portal|mail)$/ && rand() < 0.1;
	my $own = $current->{own}{$kind};
	my $list = $theirs->{$kind};
	return $own->[ rand @$own ] if rand() > ($strange // 0.8) && $own && @$own || !$list || !@$list;
	my $value = $list->[ rand @$list ];
	my ($place) = grep { $foreign[$_] eq $value } 0 .. $#foreign;
	return '{' . ($place + 1) . '}' if defined $place;
	push @foreign, $value;
	push @unknown, nobody_like($kind, $value);
	return '{' . @foreign . '}';
}

sub nobody_like
{
	my ($kind, $value) = @_;
	my $hex = join '', map { sprintf '%x', rand 16 } 1 .. 32;
	return $hex =~ s/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/$1-$2-4$3-8$4-$5/r if $value =~ /^[0-9a-f]{8}-/;
	return $kind eq 'email' ? substr($hex, 0, 12) . '@nowhere.example' : 'q' . substr $hex, 0, 12;
}

sub one_of { return $_[ rand @_ ] }
sub some { my ($make) = @_; return [ map { $make->() } 1 .. 1 + int rand 3 ] }
sub maybe { my (@pair) = @_; return rand() < 0.4 ? ($pair[0] => $pair[1]->()) : () }

# Rows, by what they are.
my %row;
BEGIN
{
	my $named = sub { return (first_name => 'New', last_name => 'Name') };
	%row = (
		identity => sub { return { email => value('email'), $named->(), maybe(external_id => sub { value('external_id') }), maybe(role_id => sub { value('role') }), maybe(node_id => sub { value('node') }), rand() < 0.03 ? (password => 'another horse') : (),
			$_[0] ? maybe(application_id => sub { value('application_id') }) : () } },
		invite => sub { return { email => value('email'), $named->(), maybe(intent => sub { one_of(qw(activate password_reset)) }), maybe(send_email => sub { JSON::PP::false }), maybe(role_id => sub { value('role') }), maybe(node_id => sub { value('node') }),
			maybe(client_id => sub { value('client') }), $_[0] ? maybe(application_id => sub { value('application_id') }) : () } },
		learner => sub { return { firstName => 'New', lastName => 'Name', email => value('email'), maybe(externalCustomerId => sub { value('external_id') }), maybe(city => sub { 'X' }) } },
		assignment => sub { return { identity_id => value('identity'), role_id => value('role', 0.4), node_id => value('node', 0.4) } },
		change => sub { return { maybe(first_name => sub { 'New' }), maybe(external_id => sub { value('external_id') }), maybe(metadata => sub { { a => 1 } }), maybe(is_active => sub { JSON::PP::false }) } });
}
sub rows { my ($kind, @more) = @_; return some(sub { $row{$kind}->(@more) }) }
sub file { return join '\n', 'email,first_name,last_name,external_id', map { value('email') . ',New,Name,' . value('external_id') } 1 .. 2 }
sub ids { my ($kind) = @_; return 'ARRAY[' . join(', ', map { "'$_'" } @{ some(sub { value($kind) }) }) . ']::uuid[]' }
sub text { my ($value) = @_; return "'$value'" }
sub object { my ($value) = @_; return "'" . $json->encode($value) . "'" }

# Arguments of functions: by function and name, or by name.
my %argument;
BEGIN
{
	my %list = (bundle_ids => 'item', course_ids => 'item', learning_path_ids => 'item', license_ids => 'item', identity_ids => 'identity', assignment_ids => 'assignment');
	%argument = (
		(map { my $kind = $_; $kind => sub { text(value($kind, 0.3)) } } qw(account application environment)), (map { my $name = $_; $name => sub { ids($list{$name}) } } keys %list),
		(map { my ($function, $kind) = @$_; ("$function/identity_ids" => sub { object(some(sub { value($kind) })) }) } [ canopy_bulk_attach_json => 'identity' ], [ canopy_bulk_detach_json => 'identity' ]),
		(map { ("$_/assignment_ids" => sub { object(some(sub { value('assignment') })) }) } qw(canopy_bulk_unassign_json canopy_bulk_change_role_json)),
		identities => sub { object(rows('identity', rand() < 0.3)) }, body => sub { 'convert_to(' . object(rows('identity')) . ", 'UTF8')" }, '' => sub { q{'x'} },
		invites => sub { object(rows('invite', rand() < 0.3)) }, learners => sub { object(rows('learner')) }, assignments => sub { object(rows('assignment')) },
		role_id => sub { text(value('role')) }, client_id => sub { text(value('portal')) }, role => sub { text(value(one_of('role', 'role_name'))) }, email => sub { text(value('email')) },
		id => sub { my ($function) = @_; my ($kind) = $function =~ /(import|job|invite|api_key|outbox)/; return text(value($kind eq 'outbox' ? 'mail' : $kind)) },
		idempotency_key => sub { text(value('key')) }, dry_run => sub { one_of(qw(true false)) }, max_failed => sub { int rand 3 }, max_rows => sub { 5 }, permanent => sub { 'true' }, selected => sub { one_of(qw(true false)) }, bom => sub { 'true' },
		on_conflict => sub { text(one_of(qw(error skip update))) }, 'canopy_bulk_attach/on_conflict' => sub { text(one_of(qw(error skip))) }, missing => sub { text(one_of(qw(ignore report deactivate))) }, max_missing_percent => sub { 100 },
		mode => sub { text(one_of(qw(create invite account_create learner))) }, options => sub { object({ course_ids => [ value('item') ], maybe(client_id => sub { value('portal') }) }) }, mapping => sub { q{'{"email": "email"}'} },
		(map { $_ => sub { 1 + int rand 2 } } qw(page take n attempt)), total => sub { 1 }, succeeded => sub { 1 }, failed => sub { 0 }, skipped => sub { 0 },
		status => sub { text(one_of(qw(pending open queued))) }, verdict => sub { text('valid') }, outcome => sub { text('created') }, which => sub { text('all') }, row_numbers => sub { 'ARRAY[1]' }, digest => sub { q{'\x00'} },
		contents => sub { 'E' . text(file()) }, file => sub { 'E' . text(file()) }, 'canopy_bulk_import/file' => sub { 'E' . text(file()) . one_of('::text', '::bytea') }, 'canopy_bulk_import_upload/file' => sub { 'convert_to(E' . text(file()) . ", 'UTF8')" }, file_name => sub { text('f.csv') }, delimiter => sub { text(',') }, encoding => sub { text('UTF8') }, secret_columns => sub { q{'{}'} },
		url => sub { text('https://nowhere.example/f.csv') }, invite_message => sub { text('Hi') }, name => sub { text('a key') }, access_mode => sub { text('full_access') }, scopes => sub { q{'{x}'} }, expires_at => sub { 'NULL' },
		token => sub { text('x') }, password => sub { text('correct horse') }, first_name => sub { text('New') }, last_name => sub { text('Name') }, reason => sub { text('x') }, algorithm => sub { text('HS256') }, key => sub { text('x') }, summary => sub { q{NULL} });
}

# Every function that a caller may call, with its arguments: name, whether it has a default.
sub functions
{
	my %function;
	for (split /\n/, $super->query(q{SELECT p.proname, p.prokind, p.oid, coalesce(p.proargnames[i], ''), i > p.pronargs - p.pronargdefaults, p.prorettype = 'void'::regtype
		FROM pg_proc AS p LEFT JOIN generate_series(1, p.pronargs) AS i ON true
		WHERE has_function_privilege('api', p.oid, 'EXECUTE') AND p.oid IN (SELECT objid FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_proc'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk'))
			AND p.proname NOT IN ('canopy_bulk_http', 'canopy_bulk_authenticate') ORDER BY p.oid, i}))
	{
		my ($name, $kind, $oid, $argument, $optional) = split /\|/, $_, -1;
		$function{$oid} //= { name => $name, is_procedure => $kind eq 'p', arguments => [] };
		push @{ $function{$oid}{arguments} }, [ $argument, $optional eq 't' ] if defined $optional && $optional ne '';
		ok($argument{"$name/$argument"} || $argument{$argument}, "there is a value for $argument of $name") if defined $optional && $optional ne '' && !$argument{"$name/$argument"} && !$argument{$argument};
	}
	return map { $function{$_} } sort keys %function;
}

sub a_function
{
	my $function = $functions[ rand @functions ];
	my @arguments;
	for (@{ $function->{arguments} })
	{
		my ($name, $optional) = @$_;
		next if $optional && rand() < 0.6;
		my $value = ($argument{"$function->{name}/$name"} // $argument{$name})->($function->{name});
		push @arguments, $name eq '' ? $value : "$name => $value";
	}
	my $call = sprintf '%s(%s)', $function->{name}, join ', ', @arguments;
	return ($function->{name}, $function->{is_procedure} ? "CALL $call" : $call, one_of(@{ $current->{who} }));
}

# Bodies of requests, by schema.
my %body;
BEGIN
{
	%body = (
		Identity => sub { $row{identity}->() }, AccountIdentity => sub { $row{identity}->(1) }, Identities => sub { { identities => rows('identity') } }, AccountIdentities => sub { { identities => rows('identity', 1) } },
		IdentityChange => sub { $row{change}->() }, AccountIdentityChange => sub { $row{change}->() }, IdentityStatus => sub { { is_active => JSON::PP::false } }, MembershipRequest => sub { { application_id => value('application_id') } },
		IdentityIds => sub { { identity_ids => some(sub { value('identity') }) } }, AssignmentIds => sub { { assignment_ids => some(sub { value('assignment') }) } }, RoleChange => sub { { assignment_ids => some(sub { value('assignment', 0.5) }), role_id => value('role', 0.5) } },
		Assignments => sub { { assignments => rows('assignment') } }, Invite => sub { $row{invite}->() }, AccountInvite => sub { $row{invite}->(1) }, Invites => sub { { invites => rows('invite') } },
		ImportOrder => sub { { mode => one_of(qw(create invite account_create learner)), maybe(on_conflict => sub { one_of(qw(skip update)) }) } }, ImportMapping => sub { { email => 'email' } }, ImportSelection => sub { { selected => JSON::PP::true } }, ImportSubmission => sub { {} },
		ImportEvent => sub { { mode => 'create', total => 1, succeeded => 1, failed => 0 } }, BulkImportOrder => sub { { url => 'https://nowhere.example/f.csv', maybe(courseIds => sub { some(sub { value('item') }) }), maybe(clientId => sub { value('portal') }), maybe(role => sub { value('role') }) } },
		InviteAcceptance => sub { { token => 'x', password => 'another horse' } }, InviteToken => sub { { token => 'x' } }, Token => sub { { token => 'x' } });
}
my %query = (inEnvironment => sub { 'environment=' . value('environment', 0.4) }, dryRun => sub { 'dry_run=' . one_of(qw(true false)) }, maxFailed => sub { 'max_failed=1' }, onConflict => sub { 'on_conflict=' . one_of(qw(skip update)) }, onMembership => sub { 'on_conflict=skip' },
	onAssignment => sub { 'on_conflict=skip' }, onInvite => sub { 'on_conflict=skip' }, q => sub { 'q=' . value('email') =~ s/@/%40/r }, notInApp => sub { 'not_in_app=' . value('application') }, take => sub { 'take=3' }, hasAnyAssignment => sub { 'has_any_assignment=true' });

sub routes
{
	my @all = map { my ($method, $path, $parameters, $schema) = split /\|/, $_, -1; { name => "$method $path", method => $method, path => $path, parameters => [ split / /, $parameters ], schema => $schema } } split /\n/, $super->query(
		q{SELECT upper(m.key), p.key, (SELECT string_agg(regexp_replace(x->>'$ref', '.*/', ''), ' ') FROM jsonb_array_elements(m.value->'parameters') AS x), regexp_replace(coalesce(m.value #>> '{requestBody,content,application/json,schema,$ref}', ''), '.*/', '')
		FROM canopy_bulk_http('GET', '/openapi.json') AS h, jsonb_each(convert_from(h.body, 'UTF8')::jsonb->'paths') AS p, jsonb_each(p.value) AS m WHERE m.key IN ('get', 'post', 'put', 'patch', 'delete') ORDER BY 2, 1});
	ok($_->{schema} eq '' || $body{ $_->{schema} }, "there is a body for $_->{name}") for grep { $_->{schema} ne '' && !$body{ $_->{schema} } } @all;
	return @all;
}

sub a_route
{
	my $route = $routes[ rand @routes ];
	my ($kind) = $route->{path} =~ m!(identities|identity-invites|imports|jobs)/\{id\}!;
	my %place = (account => sub { value('account', 0.15) }, application => sub { value('application', 0.3) }, environment => sub { value('environment', 0.3) }, application_id => sub { value('application_id', 0.5) },
		id => sub { value({ identities => 'identity', 'identity-invites' => 'invite', imports => 'import', jobs => 'job' }->{$kind}) });
	(my $path = $route->{path}) =~ s/\{(\w+)\}/$place{$1}->()/ge;
	my @query = map { $query{$_}->() } grep { $query{$_} && rand() < 0.3 } @{ $route->{parameters} };
	$path .= '?' . join '&', @query if @query;
	my %headers = (%{ one_of(@{ $current->{headers} }) }, 'content-type' => 'application/json', rand() < 0.3 && grep({ $_ eq 'idempotencyKey' } @{ $route->{parameters} }) ? ('idempotency-key' => value('key')) : ());
	my $body = $route->{schema} ne '' ? text($json->encode($body{ $route->{schema} }->())) : $route->{path} =~ /file$/ ? 'E' . text(file()) : q{''};
	return ($route->{name}, sprintf(q{(SELECT status, headers, convert_from(body, 'UTF8') AS body FROM canopy_bulk_http('%s', '%s', '%s', convert_to(%s, 'UTF8')))}, $route->{method}, $path, $json->encode(\%headers), $body), '');
}

sub claims { my (%claims) = @_; return sprintf q{SELECT set_config('request.jwt.claims', '%s', true)}, $json->encode({ sub => 'a', principal_type => 'user', %claims }) }
sub authenticated { my ($token) = @_; return "SELECT canopy_bulk_authenticate('$token')" }
sub quoted { my ($text) = @_; return "'" . ($text =~ s/'/''/gr) . "'" if $text !~ /\\/; return "E'" . ($text =~ s/(['\\])/\\$1/gr) . "'" }
sub array { return @_ ? 'ARRAY[' . join(', ', map { quoted($_) } @_) . ']' : "'{}'::text[]" }
