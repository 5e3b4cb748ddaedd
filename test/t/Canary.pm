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
	return $canaries{$name} = random_word();
}

# A secret that somebody else has made.
sub watch
{
	my ($name, $secret) = @_;
	return $canaries{$name} = $secret;
}

# The names of all canaries.
sub names { return sort keys %canaries }

# The names of the canaries in a text.
sub found_in
{
	my ($text, @names) = @_;
	return grep {
		my $canary = $canaries{$_};
		my @base64 = map { substr encode_base64('x' x $_ . $canary, ''), 4, 24 } 0 .. 2;
		my $numbers = join ' ', map { ord } split //, $canary;
		index($text, $canary) >= 0
		  || index($text, unpack 'H*', $canary) >= 0
		  || index($text, $numbers) >= 0
		  || grep { index($text, $_) >= 0 } @base64
	} @names ? @names : sort keys %canaries;
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
