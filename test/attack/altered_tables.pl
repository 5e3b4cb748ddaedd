# Attacker: the owner of the directory, an ordinary role.
# Rights: may alter, replace and fill the directory's tables; no right on the server.
# Must not happen: a call on an altered table crashes the server, reads memory as what it is not,
#   or ends with an internal error.
use strict;
use warnings;
use Attack;
use Attack::Calls;
use Test::More;

my $attack = Attack->new('altered', settings => [ q{canopy_bulk.import_allowed_hosts = 'files.example'}, 'max_locks_per_transaction = 256' ]);
my $super = $attack->super;
fill_tables($attack);
my @calls = calls($attack);
for my $c (@calls) { $super->try("BEGIN"); my $r = $super->outcome($c); $super->try('ROLLBACK'); diag(substr($r,0,90)." <- ".substr($c,0,140)); }
diag(join ' ', functions_without_a_call($attack, @calls), routes_without_a_call($attack, @calls));
is_deeply([ functions_without_a_call($attack, @calls) ], [], 'all');
is_deeply([ routes_without_a_call($attack, @calls) ], [], 'all routes');
is($super->query("SELECT 1"), 1);
for my $t (split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r' ORDER BY 1})) {
  isnt($super->query("SELECT count(*) FROM canopy.$t"), '0', "$t has rows");
}
fail("show"); $attack->end;
