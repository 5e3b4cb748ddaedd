# Secrets that a search can find again.
#
# A canary is a random word that is sent where a password goes. A text is searched for
# it as it was sent, as hex, as base64, and as the numbers of its bytes, which is how the
# server prints the constants of a parse tree.
package Canary;

use strict;
use warnings;
use Exporter 'import';
use File::Find;
use MIME::Base64;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(random_word canary watch names found_in found_below);

my %canaries;
my %searches;	# made before, by names; until there is another canary

# 24 characters.
sub random_word
{
	my @characters = ('A' .. 'Z', 'a' .. 'z', 0 .. 9);
	return join '', map { $characters[ rand @characters ] } 1 .. 24;
}

# A new canary.
sub canary
{
	my ($name) = @_;
	return watch($name, random_word());
}

# A secret that somebody else has made.
sub watch
{
	my ($name, $secret) = @_;
	%searches = ();
	return $canaries{$name} = $secret;
}

# The names of all canaries.
sub names { return sort keys %canaries }

# The names of the canaries in a text, of all or of these.
sub found_in
{
	my ($text, @names) = @_;
	@names = sort keys %canaries if !@names;
	my $search = $searches{ join "\0", @names } //= search_for(@names);
	my %found;
	while ($text =~ /($search->{expression})/g)
	{
		$found{$_} = 1 for @{ $search->{names}{$1} };
	}
	return grep { $found{$_} } @names;
}

# An expression for every form of these canaries, which of them each is of.
sub search_for
{
	my (@names) = @_;
	my %names;
	for my $name (@names)
	{
		my $canary = $canaries{$name};
		my @base64 = map { substr encode_base64('x' x $_ . $canary, ''), 4, 24 } 0 .. 2;
		my $numbers = join ' ', map { ord } split //, $canary;
		push @{ $names{$_} }, $name for $canary, unpack('H*', $canary), $numbers, @base64;
	}
	my $expression = join '|', map { quotemeta } sort keys %names;
	return { names => \%names, expression => qr/$expression/ };
}

# The files of a folder with the canaries in them: "name in file".
sub found_below
{
	my ($folder, @names) = @_;
	my @found;
	find({ no_chdir => 1, wanted => sub {
		my $content = -f && eval { slurp_file($_) } // return;
		my $file = $_;
		push @found, map { "$_ in $file" } found_in($content, @names);
	} }, $folder);
	return @found;
}

1;
