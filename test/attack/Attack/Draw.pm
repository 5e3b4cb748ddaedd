# Random calls of the functions and routes of the extension, with good and bad arguments.
#
# All is drawn by rand() alone, so that srand() before it draws it again; only ids that answers
# had depend on the server.
package Attack::Draw;

use strict;
use warnings;
use JSON::PP;

my $json = JSON::PP->new->canonical->ascii->allow_nonref->max_depth(5000);

# A text that is in arguments and must be in no error.
our $MARK = 'Grommet';

# What there is to draw from: functions => [{name, kind, names, types, required}], routes =>
# [{method, path, parameters, schema}], schemas => {}, attack => the Attack, sees => [accounts
# whose names are used], credentials => [tokens and keys].
sub new
{
	my ($class, %facts) = @_;
	my $self = bless { %facts, learned => [] }, $class;
	my $attack = $self->{attack};
	# ids of both accounts, whoever calls
	for my $account (qw(acme globex))
	{
		my @applications = $account eq 'acme' ? qw(crm wiki) : qw(shop blog);
		my @environments = $account eq 'acme' ? qw(production staging wiki-live) : qw(shop-live shop-test blog-live);
		$self->{ids}{$account} = [ map { $attack->id($_) } $account, @applications, @environments,
			(map { ("$_-editor", "$_-admin", "$_-root", "$_-leaf", "$_-client", "$_-dot") } @environments),
			(map { "$_\@$account.example" } qw(ada bob cid dot eve)), "$applications[0]-ada", "$account-portal",
			map { "$account-$_" } qw(bundle course learning_path license) ];
		$self->{imports}{$account} = [ map { $attack->import_id("$account $_") } qw(open uploaded previewed submitted) ];
	}
	$self->{due} = [ sort { rand() <=> 0.5 } @{ $self->{functions} }, @{ $self->{routes} } ];
	$self->{called} = {};
	return $self;
}

sub chance { return rand() < $_[0] }
sub one_of { return $_[ rand @_ ] }

# Text as a literal of a type; undef is NULL.
sub quote
{
	my ($text, $type) = @_;
	return (defined $text ? q{E'} . $text =~ s/(['\\])/\\$1/gr . q{'} : 'NULL') . ($type ? "::$type" : '');
}

# Keeps ids of an answer, to be sent again.
sub learn
{
	my ($self, $text) = @_;
	my @found = $text =~ /\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
	push @{ $self->{learned} }, @found[ 0 .. ($#found > 2 ? 2 : $#found) ];
	splice @{ $self->{learned} }, 0, -80;
	return;
}

# Is there a function or route that was not called yet?
sub is_due { my ($self) = @_; return scalar @{ $self->{due} } }

# A function, or a route: one that was never called, half of the time.
sub next_of
{
	my ($self, $wanted) = @_;
	my $key = $wanted eq 'function' ? 'name' : 'path';
	my ($due) = grep { exists $self->{due}[$_]{$key} } 0 .. $#{ $self->{due} };
	return splice @{ $self->{due} }, $due, 1 if defined $due && chance(0.5);
	return one_of(@{ $self->{"${wanted}s"} });
}

# A call of a function, as "name(arguments)"; a procedure when that is wanted.
sub call
{
	my ($self, $kind) = @_;
	my $function;
	do { $function = $self->next_of('function') } until !$kind || $function->{kind} eq $kind;
	return $self->call_of($function);
}

sub call_of
{
	my ($self, $function) = @_;
	$self->{called}{ $function->{name} }++;
	return $self->http if $function->{name} eq 'canopy_bulk_http' && chance(0.9);
	my @arguments;
	for my $i (0 .. $#{ $function->{types} })
	{
		my ($name, $type) = ($function->{names}[$i], $function->{types}[$i]);
		my $text = $self->argument($function->{name}, $name, $type);
		push @arguments, $name ? "$name => " . quote($text, $type) : quote($text, $type) if $i < $function->{required} || chance(0.7) || !$name;
	}
	return "$function->{name}(" . join(', ', @arguments) . ')';
}

sub account
{
	my ($self) = @_;
	return undef if chance(0.3);
	return one_of('', 'nowhere', $MARK, 'ACME', $self->{attack}->id('nobody')) if chance(0.05);
	my $name = one_of(('acme') x 3, @{ $self->{sees} });
	return chance(0.2) ? $self->{attack}->id($name) : $name;
}

sub application
{
	my ($self) = @_;
	return undef if chance(0.2);
	return one_of('', 'nowhere', $MARK) if chance(0.1);
	my $name = one_of(('crm') x 3, 'wiki', @{ $self->{sees} } > 1 ? qw(shop blog) : ());
	return chance(0.2) ? $self->{attack}->id($name) : $name;
}

sub environment
{
	my ($self) = @_;
	return undef if chance(0.2);
	return one_of('', 'nowhere', $MARK) if chance(0.1);
	my $name = one_of(('production') x 3, 'staging', 'wiki-live', @{ $self->{sees} } > 1 ? qw(shop-live blog-live) : ());
	return chance(0.2) ? $self->{attack}->id($name) : $name;
}

sub id
{
	my ($self, $of_import) = @_;
	my $random = rand;
	return undef if $random < 0.03;
	return one_of('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', $self->{attack}->id("any" . int rand 9)) if $random < 0.08;
	return one_of(@{ $self->{learned} }) if $random < 0.5 && @{ $self->{learned} };
	my $account = $random < 0.85 ? 'acme' : 'globex';
	return one_of(@{ $self->{imports}{$account} }) if $of_import && chance(0.8);
	return one_of(@{ $self->{ids}{$account} }, @{ $self->{imports}{$account} });
}

sub text
{
	my ($self) = @_;
	return one_of("${MARK}ix", "$MARK, $MARK", "O'$MARK", "$MARK%s%n", '', ' ', 'null', '{}', '[]', "\xc3\x9cn\xc3\xafc\xc3\xb6d\xc3\xa9 \xf0\x9f\x92\xa9", 'x' x one_of(64, 255, 256, 300, 5000),
		"a\tb", "line\nline", '=1+1', '../../etc', '-1', '1e999', "\xc2\x85", "\xe2\x80\xae$MARK", "$MARK\\", '$1', 'now', 'CRM');
}

sub email
{
	my ($self) = @_;
	return one_of("$MARK\@", "$MARK\@example", 'x' x 300 . '@acme.example', '', "a b\@acme.example", "\xc3\xbc\@acme.example", "a\@\xc3\xbc.example") if chance(0.1);
	return one_of('P' . int(rand 40) . '@Acme.Example', one_of(qw(ada bob cid dot eve)) . '@' . one_of('acme', 'acme', 'globex') . '.example') if chance(0.4);
	return 'p' . int(rand 60) . '@acme.example';
}

# Bytes that are no text, as a path can have them.
sub bytes
{
	my ($self) = @_;
	return one_of('', $self->text) . one_of("\0", "\xff", "\xc3", "\xf0\x9f", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\r\n") . one_of('', '', 'acme');
}

# The text of an argument, or undef for NULL.
sub argument
{
	my ($self, $function, $name, $type) = @_;
	return undef if chance(0.04) || ($function eq 'canopy_bulk_import' && $name !~ /^(?:file|mode|account|application|environment)$/ && chance(0.9));
	if ($name && !chance(0.03))
	{
		return $self->$name if $name =~ /^(?:account|application|environment)$/;
		return $self->credential if $name eq 'token' && chance(0.7);
		return chance(0.9) ? undef : one_of('day-1', 'k' . int(rand 20), $MARK, '', "\x01") if $name eq 'idempotency_key';
		return one_of(qw(create invite account_create learner)) if $name eq 'mode';
		return one_of(qw(error skip update ignore)) if $name eq 'on_conflict';
		return one_of(qw(ignore report deactivate)) if $name eq 'missing';
		return one_of(undef, qw(pending accepted revoked expired queued running complete failed cancelled open mapped previewed completed)) if $name eq 'status';
		return one_of(undef, qw(valid warning error)) if $name eq 'verdict';
		return one_of(undef, qw(created updated skipped failed)) if $name eq 'outcome';
		return one_of(qw(all failed)) if $name eq 'which';
		return one_of(qw(RS256 ES256 EdDSA HS256), $MARK) if $name eq 'algorithm';
		return one_of('full_access', 'scoped', $MARK) if $name eq 'access_mode';
		return $self->email if $name eq 'email';
		return one_of($Attack::PASSWORD, $Attack::PASSWORD, 'wrong horse', $self->text) if $name eq 'password';
		return one_of('https://files.example/people.csv', 'https://127.0.0.1/x.csv', "http://$MARK/", 'file:///etc/passwd', $self->text) if $name eq 'url';
		return one_of(undef, 'comma', ';', 'tab', $MARK) if $name eq 'delimiter';
		return one_of(undef, 'UTF-8', 'Windows-1252', 'UTF-16LE', 'Shift_JIS', $MARK) if $name eq 'encoding';
		return $self->file if $name =~ /^(?:file|contents)$/ && $type eq 'text';
		return one_of(0, 1, 1, 1, 2, 3) if $name eq 'page' && chance(0.8);
		return one_of(1, 5, 20, 100) if $name =~ /^(?:take|n|max_rows)$/ && chance(0.9);
		return undef if $name eq 'max_failed' && chance(0.7);
		return '\\x' . unpack 'H*', $self->file if $type eq 'bytea' && $name eq 'file';
		return $json->encode($self->rows($name)) if $type eq 'jsonb' && $name =~ /^(?:identities|invites|learners|assignments|identity_ids|assignment_ids)$/;
		return $json->encode($self->mapping) if $name eq 'mapping';
		return 'production-editor' if $name eq 'role' && chance(0.5);
	}
	return $self->id($function =~ /import/) if $type eq 'uuid';
	return one_of(0, 1, -1, 2, 7, 100, 101, 2147483647, -2147483648) if $type =~ /^(?:integer|bigint)$/;
	return one_of('true', 'false') if $type eq 'boolean';
	return one_of('2040-01-01', 'infinity', '-infinity', '1970-01-01', '294276-12-31') if $type =~ /^timestamp/;
	return array(map { $self->id } 1 .. one_of(0, 1, 1, 2, 5, 20)) if $type eq 'uuid[]';
	return array(map { one_of(undef, 0, 1, 2, -1, 2147483647) } 1 .. one_of(0, 1, 3)) if $type eq 'integer[]';
	return array(map { one_of('identity.manage', 'email', 'last_name', 'password', undef, map { quote_element($_) } $self->text) } 1 .. one_of(0, 1, 2)) if $type eq 'text[]';
	return $json->encode($self->document) if $type eq 'jsonb';
	return '\\x' . unpack 'H*', chance(0.5) ? $json->encode({ identities => $self->rows('identities') }) : one_of('', '{', "\0\1\2", "\xff\xfe", $self->text, 'x' x 70000) if $type eq 'bytea';
	return $self->text;
}

sub array { return '{' . join(',', map { $_ // 'NULL' } @_) . '}' }
sub quote_element { return '"' . $_[0] =~ s/([\\"])/\\$1/gr . '"' }

sub credential
{
	my ($self) = @_;
	return one_of('', 'x', "cnpy_$MARK", 'a.b.c', $self->{attack}->token(exp => 1), $self->{attack}->token(principal_type => 'identity')) if chance(0.1);
	return one_of(@{ $self->{credentials} });
}

# A CSV file.
sub file
{
	my ($self) = @_;
	return one_of('', ',', "\n\n", "PK\x03\x04xxxx", "\"", "email\n\"", $self->text, 'x,' x 3000) if chance(0.1);
	my $d = one_of(',', ',', ';', "\t");
	my @header = chance(0.9) ? (qw(email first_name last_name), chance(0.3) ? 'password' : (), chance(0.3) ? 'external_id' : (), chance(0.2) ? $MARK : ()) : (qw(Nachname E-Mail Vorname));
	my $text = chance(0.1) ? '' : join($d, @header) . "\n";
	for (1 .. one_of(1, 3, 3, 10, 30, chance(0.05) ? 450 : 5))
	{
		my @cells = map { /mail/i ? $self->email : $_ eq 'password' ? 'correct horse' : chance(0.1) ? '"' . $self->text =~ s/"/""/gr . '"' : "$MARK" . int rand 50 } @header;
		$text .= join($d, chance(0.03) ? @cells[ 0 .. 1 ] : @cells) . one_of("\n", "\n", "\r\n");
	}
	return $text =~ s/\0//gr;
}

sub mapping
{
	my ($self) = @_;
	return { map { one_of(qw(email first_name last_name Nachname 1 2 3 99), $MARK) => one_of(qw(email first_name last_name external_id password), undef, $MARK, 5) } 1 .. one_of(0, 1, 2, 3) };
}

# Any JSON.
sub document
{
	my ($self, $depth) = @_;
	$depth //= 0;
	my $kind = int rand($depth > 2 ? 5 : 8);
	return $kind == 0 ? undef : $kind == 1 ? JSON::PP::true : $kind == 2 ? one_of(0, -1, 1.5, 1e300, 9007199254740993) : $kind < 5 ? $self->text
	  : $kind == 5 ? [ map { $self->document($depth + 1) } 1 .. one_of(0, 1, 3) ]
	  : { map { one_of(qw(email first_name last_name id role_id identities account bundle_ids), 'k' . int rand 9) => $self->document($depth + 1) } 1 .. one_of(0, 1, 3) };
}

# Rows of a batch, as the argument of that name takes them.
sub rows
{
	my ($self, $name) = @_;
	return $self->document if chance(0.05);
	my @rows = map { chance(0.04) ? $self->document : $name =~ /_ids$/ ? $self->id : $self->row($name) } 1 .. one_of(0, 1, 1, 2, 3, 8, 20, chance(0.1) ? 201 : 5);
	return chance(0.7) ? \@rows : { $name => \@rows };
}

sub row
{
	my ($self, $name) = @_;
	my %row;
	if ($name eq 'assignments')
	{
		%row = (identity_id => $self->person, role_id => $self->thing('editor'), node_id => $self->thing('leaf'));
		$row{effective_to} = one_of('2040-01-01T00:00:00Z', '294276-12-31T23:59:59Z', '9999-12-31T23:59:60.999999999+15:59', '0000-01-01T00:00:00Z', $self->text) if chance(0.2);
		$row{effective_from} = one_of('2020-01-01T00:00:00Z', '-4713-01-01T00:00:00Z', '1970-01-01', $self->text) if chance(0.2);
	}
	else
	{
		my @names = $name eq 'learners' ? qw(firstName lastName) : qw(first_name last_name);
		%row = (email => $self->email, map { $_ => chance(0.9) ? $MARK . int rand 9 : $self->text } @names);
		$row{external_id} = 'x' . int rand 30 if $name eq 'identities' && chance(0.3);
		$row{metadata} = $self->document if $name eq 'identities' && chance(0.1);
		$row{password} = $Attack::PASSWORD if $name eq 'identities' && chance(0.02);
		$row{application_id} = $self->{attack}->id(one_of(qw(crm wiki shop))) if chance(0.1);
		@row{qw(role_id node_id)} = ($self->thing('editor'), $self->thing('leaf')) if $name ne 'learners' && chance(0.2);
		$row{intent} = one_of(qw(activate password_reset onboard)) if $name eq 'invites' && chance(0.3);
		$row{send_email} = one_of(JSON::PP::true, JSON::PP::false) if $name eq 'invites' && chance(0.3);
		$row{expires_in} = one_of(3600, -1, 0, 1e300, 9007199254740993, 'P7D', 'P99999999999D', 'PT99999999999999999999H', 'P-1D', $self->text) if $name eq 'invites' && chance(0.2);
		$row{locale} = one_of('de', 'pt-BR', $self->text) if $name eq 'invites' && chance(0.1);
		$row{password_hash} = one_of('$2b$12$' . 'a' x 53, '$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAA$AAAA', '$6$rounds=999999999$x$' . 'a' x 86, '{SSHA}AAAA', 'pbkdf2_sha256$2147483648$a$b', $self->text)
		  if $name eq 'identities' && chance(0.05);
		$row{metadata} = nested(one_of(50, 2000)) if $name eq 'identities' && chance(0.01);
		$row{sendInvite} = one_of('yes', 'no', $MARK) if $name eq 'learners' && chance(0.3);
	}
	$row{ one_of(sort keys %row) } = one_of(undef, 5, [], $self->text) if chance(0.06);
	$row{ one_of('emial', "x$MARK", 'is_active') } = $self->document(2) if chance(0.04);
	return \%row;
}

sub nested { my ($depth) = @_; my $value = 1; $value = [$value] for 1 .. $depth; return { a => $value } }

sub person { my ($self) = @_; return chance(0.2) ? $self->id : $self->{attack}->id(one_of(qw(ada bob cid dot eve)) . '@' . (chance(0.8) ? 'acme' : 'globex') . '.example') }
sub thing { my ($self, $kind) = @_; return chance(0.1) ? $self->id : $self->{attack}->id(one_of(qw(production production production staging wiki-live shop-live)) . "-$kind") }

# A call of canopy_bulk_http: a route with values in it, and a body as its schema has it.
sub http
{
	my ($self) = @_;
	my $route = $self->next_of('route');
	$self->{called}{"$route->{method} $route->{path}"}++;
	my $path = $route->{path} =~ s/\{(\w+)\}/percent($self->in_path($1))/ger;
	my @query = map { $_->{name} . '=' . percent(chance(0.1) ? $self->bytes : $self->instance($_->{schema}, $_->{name})) } grep { chance(0.3) } @{ $route->{parameters} };
	$path .= '?' . join '&', @query if @query;
	my $credential = $self->credential;
	my %headers = chance(0.03) ? () : $credential =~ /^cnpy_/ ? (one_of('X-API-Key', 'x-api-key') => $credential) : (Authorization => "Bearer $credential");
	my $body;
	if ($route->{schema})
	{
		$headers{'Content-Type'} = chance(0.95) ? 'application/json' : one_of($MARK, 'application/json; charset=latin1', 'text/csv');
		$body = chance(0.95) ? $json->encode($self->instance($route->{schema}, '')) : one_of('', '{', 'null', '[]', '[' x one_of(100, 6000), '{"a":' x 6000, "\xff", $self->text, '{"identities":[{"email":"' . $self->bytes . '"}]}');
	}
	elsif ($route->{path} =~ m{/file$})
	{
		$headers{'Content-Type'} = one_of('text/csv', 'text/csv', 'text/csv; charset=' . one_of('utf-8', 'windows-1252', 'x', $self->text));
		$body = $self->file;
	}
	$headers{'Idempotency-Key'} = one_of('day-1', 'k' . int rand 20) if chance(0.1);
	$headers{ one_of('Prefer', 'If-Match', 'Accept', 'X-Request-Id') } = one_of('respond-async', '*', $self->text) if chance(0.1);
	my $method = chance(0.02) ? one_of('GET', 'POST', 'BREW', '') : $route->{method};
	return sprintf 'canopy_bulk_http(%s, %s, %s::jsonb, %s)', quote($method), quote($path), quote($json->encode(\%headers)),
	  defined $body ? quote('\\x' . unpack('H*', $body), 'bytea') : 'NULL';
}

sub percent { my ($text) = @_; return ref $text ? 'x' : ($text // '') =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ger }

sub in_path
{
	my ($self, $name) = @_;
	return $self->bytes if chance(0.02);
	return $self->$name // 'acme' if $name =~ /^(?:account|application|environment)$/;
	return $self->id // '' if chance(0.95);
	return $self->text;
}

# A value as a schema has it, or one that is not so.
sub instance
{
	my ($self, $schema, $name, $depth) = @_;
	$depth //= 0;
	if (my $reference = $schema->{'$ref'})
	{
		$schema = $self->{schemas}{ $reference =~ s{.*/}{}r };
	}
	return $self->document(2) if chance(0.03) || $depth > 5;
	for my $choice (qw(oneOf anyOf))
	{
		return $self->instance(one_of(@{ $schema->{$choice} }), $name, $depth + 1) if $schema->{$choice};
	}
	return one_of(@{ $schema->{enum} }) if $schema->{enum};
	my $type = ref $schema->{type} ? one_of(@{ $schema->{type} }) : $schema->{type} // 'string';
	if ($type eq 'object')
	{
		my %required = map { $_ => 1 } @{ $schema->{required} // [] };
		my $properties = $schema->{properties} // {};
		return { map { $_ => $self->instance($properties->{$_}, $_, $depth + 1) } grep { chance($required{$_} ? 0.97 : 0.4) } sort keys %$properties };
	}
	return [ map { $self->instance($schema->{items} // {}, $name, $depth + 1) } 1 .. one_of(0, 1, 1, 2, 5, chance(0.03) ? 201 : 3) ] if $type eq 'array';
	return one_of(JSON::PP::true, JSON::PP::false) if $type eq 'boolean';
	return one_of(0, 1, 2, 5, 100, -1, 101, 1000000, 2147483648) if $type =~ /^(?:integer|number)$/;
	return undef if $type eq 'null';
	return $self->email if $name eq 'email';
	return $self->credential if $name eq 'token';
	return $self->person if $name =~ /identity_id/;
	return $self->thing('editor') if $name eq 'role_id';
	return $self->thing('leaf') if $name eq 'node_id';
	return $self->id(0) // '' if ($schema->{format} // '') eq 'uuid';
	return $Attack::PASSWORD if $name eq 'password';
	return chance(0.8) ? $MARK . int rand 9 : $self->text;
}

1;
