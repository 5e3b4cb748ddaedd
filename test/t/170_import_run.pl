# An import runs batch by batch: it is watched, cancelled, cut off and taken up again, and
# in the end every row has had one effect, every batch has one audit entry, and so has the import.
#
# Backends are killed in the middle of 4 imports, of 100 when CANOPY_LONG is set; the file that
# comes first has 3,000 rows, 10,000 then.
use strict;
use warnings;
use Encode 'encode';
use FindBin;
use lib $FindBin::RealBin;
use Canary;
use Directory;
use Jobs;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = start_server('imports', quick_hashes());
fill_directory($node);
$node->safe_psql('postgres', <<'END');
ALTER DATABASE postgres SET canopy_bulk.account = 'acme';
ALTER DATABASE postgres SET canopy_bulk.application = 'crm';
END
srand(6);

# thousands of rows, 3 % of them bad, as Excel writes them in Germany
{
	my $total = $ENV{CANOPY_LONG} ? 10_000 : 3_000;
	my $wrong = $total * 0.03;
	my @rows = map { [ "p$_\@example.de", "J\x{f6}rg \x{201e}$_\x{201c}", "M\x{fc}ller; Sohn", "Stra\x{df}e\n$_" ] } 1 .. $total;
	my @bad = map { $_ * 33 } 1 .. $wrong;
	$rows[ $_ - 1 ][0] = ('kein @', '', 'p1@example.de')[ $_ / 33 % 3 ] for @bad;
	my $file = join "\r\n", '# Export', 'E-Mail;Vorname;Nachname;metadata.adresse',
	  map({ join ';', map { /[;\n"]/ ? '"' . s/"/""/gr . '"' : $_ } @$_ } @rows), '# Ende', '';
	append_to_file($node->basedir . '/german.csv', encode('cp1252', $file));

	my $id = query(q{SELECT canopy_bulk_import_open('create')->>'id'});
	my $file_info = decode_json(query("SELECT canopy_bulk_import_upload('$id', pg_read_binary_file('@{[ $node->basedir ]}/german.csv'))"));
	is_deeply([ @{$file_info}{qw(status row_count delimiter)}, $file_info->{encoding}{name} ],
		[ 'mapped', $total, ';', 'Windows-1252' ], 'the file is understood');
	my $preview = decode_json(query("SELECT canopy_bulk_import_preview('$id')"));
	is_deeply([ @{ $preview->{statistics} }{qw(total error create)} ], [ $total, $wrong, $total - $wrong ], 'the preview finds 3 % bad');

	# nobody can select a bad row, but for whoever may write the table: then submit judges it too
	$node->safe_psql('postgres', 'UPDATE canopy.import_row SET selected = true');
	$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$id')");
	is(query(q{SELECT count(*) FROM canopy.import_row WHERE (verdict = 'error', issues->0->>'code')
		IS DISTINCT FROM (outcome = 'failed', error_code)}), 0, 'on every row the preview and the submit say the same');
	is(query(q{SELECT concat_ws(' ', count(*), count(DISTINCT email), max(last_name), bool_and(first_name ~ '^Jörg „\d+“$'))
		FROM canopy.identity}), join(' ', ($total - $wrong) x 2, 'Müller; Sohn t'), 'every good row is there, letter by letter');
	is(query(q{SELECT string_agg(DISTINCT error_code, ' ' ORDER BY error_code) FROM canopy.import_row}),
		'email_conflict email_invalid required', 'the bad ones say why');
	is_deeply(entries($id), { status => 'completed', total => $total, succeeded => $total - $wrong, failed => $wrong, skipped => 0, imports => 1, batches => $total / 200 },
		'one audit entry for the import and one for each batch');
	forget();
}

make_gate($node);

# while it runs, others see how far it is; nobody else can run it; who listens hears of each batch
{
	my $id = previewed('slow', 1000);
	close_gate($node, 'slow500@example.com');
	my $listener = $node->background_psql('postgres');
	$listener->query_safe('LISTEN canopy_bulk_import');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	is(query("SELECT phase FROM canopy_bulk_progress WHERE import_id = '$id'"), '', 'a previewed import has no progress');
	$session->query_until(qr/begun/, "\\echo begun\nCALL canopy_bulk_import_run('$id');\n\\echo done\n");
	await_gate($node);
	is(query("SELECT rows_done FROM canopy_bulk_progress WHERE import_id = '$id'"), 400, 'rows are done');
	is(query("SELECT concat_ws(' ', pid, phase, rows_total, batches_total, rows_done = rows_succeeded, rows_done / 200 = batches_done, bytes_done = bytes_total,
		heartbeat_at > started_at, finished_at) FROM canopy_bulk_progress"), "$pid writing 1000 5 t t t t", 'what has been committed');
	is(query("SELECT concat_ws(' ', relid::regclass, command, type, bytes_total > 0, tuples_processed >= 200, tuples_excluded)
		FROM pg_stat_progress_copy WHERE pid = $pid"), 'canopy.import_row COPY FROM CALLBACK t t 0', 'and what has not');
	my $rival = $node->background_psql('postgres', on_error_stop => 0);
	$rival->query_until(qr/begun/, "\\set VERBOSITY sqlstate\n\\echo begun\nCALL canopy_bulk_import_run('$id');\n\\echo over\n");
	open_gate($node);
	$rival->query_until(qr/over/, '');
	like($rival->{stderr}, qr/ERROR:  PT409/, 'nobody else can run it');
	$rival->quit;
	$session->query_until(qr/done/, '');
	is(query("SELECT concat_ws(' ', phase, rows_done, pid IS NULL, finished_at IS NOT NULL) FROM canopy_bulk_progress"), 'completed 1000 t t', 'the end can be seen');
	is(query('SELECT count(*) FROM pg_stat_progress_copy'), 0, 'nothing is left there');
	my $heard = $listener->query('SELECT 1');
	is(scalar(() = $heard =~ /notification "canopy_bulk_import" with payload "$id"/g), 6, 'five batches and the end were told');
	$_->quit for $session, $listener;
	forget();
}

# cancel: the batch ends, the rest is skipped, and the file of what is left to do completes
{
	my $id = previewed('slow', 1000, 'Raum', "slow7\@example.com;A\n");
	close_gate($node, 'slow500@example.com');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_until(qr/begun/, "\\echo begun\nCALL canopy_bulk_import_run('$id');\n\\echo done\n");
	await_gate($node);
	# it waits for the batch
	my $other = $node->background_psql('postgres');
	$other->query_until(qr/begun/, "\\echo begun\nSELECT canopy_bulk_import_cancel('$id')->>'status';\n\\echo over\n");
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'SELECT canopy_bulk_import_cancel%' AND (wait_event_type = 'Lock' OR state = 'idle')});
	open_gate($node);
	like($other->query_until(qr/over/, ''), qr/^(running|cancelled)$/m, 'a cancel is taken note of');
	$session->query_until(qr/done/, '');
	$_->quit for $session, $other;
	my $made = query('SELECT count(*) FROM canopy.identity');
	is($made, 600, 'and heard after the batch');
	my $entries = entries($id);
	is_deeply($entries, { status => 'cancelled', total => $made, succeeded => $made, failed => 0, skipped => 1001 - $made, imports => 1, batches => $made / 200 }, 'the counts are right');
	is(query(qq{SELECT string_agg(DISTINCT concat_ws(' ', outcome, skip_reason), ', ') FROM canopy.import_row WHERE row_number > $made AND verdict <> 'error'}),
		'skipped cancelled', 'the rest is skipped');
	my $left = query("SELECT canopy_bulk_import_csv('$id', 'failed')");
	is(scalar(() = $left =~ /\n/g), 1002 - $made, 'the file has what is left to do');
	is((split /\r?\n/, $left)[0], 'E-Mail;Vorname;Nachname;Raum;error_code;error_message', 'in the columns of the file, and two more');
	$left =~ s/^;.*?\n|^slow7\@.*?\n//mg;
	my $summary = whole($left, q{'create'});
	is_deeply([ @{$summary}{qw(status created failed)} ], [ 'completed', 1000 - $made, 0 ], 'it is imported as it is');
	is(query('SELECT count(*) FROM canopy.identity'), 1000, 'nothing is missing');
	is(sqlstate_of($node, "SELECT canopy_bulk_import_cancel('$summary->{id}')"), 'PT409', 'what is complete cannot be cancelled');
	is(query("SELECT canopy_bulk_import_cancel('$id')->>'status'"), 'cancelled', 'what is cancelled stays so');
	forget();
}

# a statement that is cancelled, or a session that is gone, leaves an import that goes on at once
for my $how (qw(cancel terminate))
{
	my $id = previewed('slow', 1000);
	close_gate($node, 'slow500@example.com');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_until(qr/begun/, "\\echo begun\nCALL canopy_bulk_import_run('$id');\n");
	await_gate($node);
	$node->safe_psql('postgres', "SELECT pg_${how}_backend($pid)");
	$node->poll_query_until('postgres', "SELECT phase = 'interrupted' FROM canopy_bulk_progress");
	is(query("SELECT concat_ws(' ', pid, phase, rows_done) FROM canopy_bulk_progress"), 'interrupted 400', "after $how it is interrupted");
	open_gate($node);
	$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$id')");
	is_deeply(entries($id), { status => 'completed', total => 1000, succeeded => 1000, failed => 0, skipped => 0, imports => 1, batches => 5 }, 'and goes on');
	is(query('SELECT concat_ws(\' \', count(*), count(DISTINCT email)) FROM canopy.identity'), '1000 1000', 'every row has one effect');
	eval { $session->{run}->kill_kill };
	forget();
}

# an import whose process is gone, and that nobody goes on with, can be cancelled all the same
{
	my $id = previewed('left', 400);
	$node->safe_psql('postgres', qq{UPDATE canopy.import SET status = 'running', attempt = 1, started_at = now(), lease_until = now() + '1 minute',
		holder = (SELECT system_identifier FROM pg_control_system()) || '/1/1'});
	is(query("SELECT canopy_bulk_import_cancel('$id')->>'status'"), 'cancelled', 'it is cancelled at once');
	is(entries($id)->{skipped}, 400, 'and says so');
	$node->safe_psql('postgres', qq{UPDATE canopy.import SET status = 'running', finished_at = NULL, lease_until = now() + '1 minute', holder = '1/1/1'});
	is(query("SELECT canopy_bulk_import_cancel('$id')->>'status'"), 'running', 'of a process of another server nothing is known, but its lease');
	is(query("SELECT phase FROM canopy_bulk_progress"), 'cancelling', 'it is waited for');
	forget();
}

# what fails for a passing reason is tried again
{
	my $id = previewed('locked', 300);
	my $other = $node->background_psql('postgres');
	$other->query_safe(q{BEGIN; SELECT canopy_bulk_create('[{"email": "locked250@example.com", "first_name": "x", "last_name": "y"}]')});
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe("SET lock_timeout = '100ms'");
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_until(qr/begun/, "\\echo begun\nCALL canopy_bulk_import_run('$id');\n\\echo done\n");
	my %waits;
	while (keys %waits < 2)
	{
		$waits{$_} = 1 for grep { $_ ne '' } query("SELECT waitstart FROM pg_locks WHERE pid = $pid AND NOT granted");
	}
	is(query('SELECT concat_ws(\' \', status, next_row) FROM canopy.import'), 'running 201', 'a batch that waits for a lock too long is not given up');
	$other->query_safe('ROLLBACK');
	$session->query_until(qr/done/, '');
	is_deeply(entries($id), { status => 'completed', total => 300, succeeded => 300, failed => 0, skipped => 0, imports => 1, batches => 2 }, 'but written in the end, once');
	forget();

	$id = previewed('dead', 200);
	$other->query_safe(q{SET deadlock_timeout = '1 min'; BEGIN;
		SELECT canopy_bulk_create('[{"email": "dead99@example.com", "first_name": "x", "last_name": "y"}]')});
	$session->query_safe("SET lock_timeout = 0; SET deadlock_timeout = '1500ms'");
	$session->query_until(qr/begun/, "\\echo begun\nCALL canopy_bulk_import_run('$id');\n\\echo done\n");
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'});
	$other->query_until(qr/sent/, qq{\\echo sent
		SELECT canopy_bulk_create('[{"email": "dead1\@example.com", "first_name": "x", "last_name": "y"}]');\nROLLBACK;\n\\echo back\n});
	$other->query_until(qr/back/, '');
	$session->query_until(qr/done/, '');
	is(query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'), 1, 'there was a deadlock');
	is_deeply(entries($id), { status => 'completed', total => 200, succeeded => 200, failed => 0, skipped => 0, imports => 1, batches => 1 }, 'and the batch was written all the same');
	$_->quit for $session, $other;
	forget();
}

# what fails for good fails the import, and it goes on when the reason is gone
{
	my $id = previewed('good', 400);
	$node->safe_psql('postgres', q{CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space' USING ERRCODE = '53100'; END $$;
		CREATE TRIGGER disk BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email = 'good300@example.com') EXECUTE FUNCTION public.full()});
	is(sqlstate_of($node, "CALL canopy_bulk_import_run('$id')"), '53100', 'the error is raised');
	is(query("SELECT concat_ws(' ', i->>'status', i->>'error_message', i->'statistics'->>'succeeded') FROM canopy_bulk_import_info('$id') i"),
		'failed A batch ended with SQLSTATE 53100; what it wrote is undone. 200', 'and kept');
	is(query("SELECT count(*) FROM canopy.audit_log WHERE metadata->>'import_id' = '$id'"), 0, 'it has not ended yet');
	$node->safe_psql('postgres', 'DROP TRIGGER disk ON canopy.identity');
	$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$id')");
	is_deeply(entries($id), { status => 'completed', total => 400, succeeded => 400, failed => 0, skipped => 0, imports => 1, batches => 2 }, 'it goes on');
	forget();
}

# a plan that has changed is refused
{
	my $id = previewed('plan', 10);
	my $digest = query("SELECT canopy_bulk_import_info('$id')->>'plan_digest'");
	my $run = "CALL canopy_bulk_import_run('$id', decode('$digest', 'hex'))";
	$node->safe_psql('postgres', "SELECT canopy_bulk_import_select('$id', ARRAY[1], false)");
	is(sqlstate_of($node, $run), 'PT409', 'another selection');
	$node->safe_psql('postgres', "SELECT canopy_bulk_import_select('$id', ARRAY[1])");
	$node->safe_psql('postgres', sprintf "SELECT canopy_bulk_create('%s')", people('plan', 3));
	my (undef, undef, $error) = $node->psql('postgres', $run);
	like($error, qr/the directory has changed since the preview\nDETAIL:  3 rows would fare otherwise now: 1, 2, 3\./, 'the directory has changed, and where');
	is(query("SELECT status FROM canopy.import"), 'previewed', 'nothing was begun');
	$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$id')");
	is_deeply(entries($id), { status => 'completed', total => 10, succeeded => 7, failed => 3, skipped => 0, imports => 1, batches => 2 }, 'without a digest the rows fail');
	is(sqlstate_of($node, "BEGIN; $run; COMMIT"), '2D000', 'a run inside a transaction is refused');
	forget();
}

# no password of a file is anywhere
{
	my @names = map { canary("password$_") } 1 .. 3;
	my $file = "E-Mail,Vorname,Nachname,Passwort\na\@example.com,A,B,$names[0]\nbad,A,B,$names[1]\nc\@example.com,A,B,$names[2],too,many\n";
	append_to_file($node->basedir . '/secrets.csv', $file);
	my $summary = decode_json(query("CALL canopy_bulk_import(pg_read_binary_file('@{[ $node->basedir ]}/secrets.csv'), 'create')"));
	is_deeply([ @{$summary}{qw(created failed)} ], [ 1, 2 ], 'a file with passwords');
	my $csv = query("SELECT canopy_bulk_import_csv('$summary->{id}') || canopy_bulk_import_csv('$summary->{id}', 'failed') || canopy_bulk_import_results('$summary->{id}')::text");
	is(join(' ', found_in($csv)), '', 'none is in the results');
	$node->safe_psql('postgres', 'CHECKPOINT');
	is(join(' ', found_below($node->data_dir)), '', 'nor in the data directory');
	is(join(' ', found_in(slurp_file($node->logfile))), '', 'nor in the log');
	forget();
}

# backends are killed in the middle, the server starts again, and the import goes on
my $rounds = $ENV{CANOPY_LONG} ? 100 : 4;
my ($cut, @wrong) = (0);
for my $round (1 .. $rounds)
{
	my $id = previewed("r$round-", 1000, 'Pin', "r$round-3\@example.com;again\n");
	for (my $tries = 0; query("SELECT status FROM canopy.import") ne 'completed'; $tries++)
	{
		# the first time in the middle of a batch, then at any moment
		my $in_batch = $tries == 0;
		close_gate($node, "r$round-" . (200 + int rand 700) . '@example.com') if $in_batch;
		my $session = $node->background_psql('postgres', on_error_stop => 0);
		my $pid = $session->query_safe('SELECT pg_backend_pid()');
		$session->query_until(qr/begun/, "\\echo begun\nCALL canopy_bulk_import_run('$id');\n\\echo done\n");
		if ($tries < 3)
		{
			if ($in_batch) { await_gate($node) }
			else { sleep rand 0.2 }
			kill 'KILL', $pid;
			$cut++ unless query_again('SELECT status FROM canopy.import') eq 'completed';
			open_gate($node) if $in_batch;
		}
		else
		{
			$session->query_until(qr/done/, '');
		}
		eval { $session->{run}->kill_kill };
	}
	my $entries = entries($id);
	push @wrong, encode_json($entries) if $entries->{imports} != 1 or $entries->{batches} != 5 or $entries->{succeeded} != 1000 or $entries->{skipped} != 1;
	push @wrong, "round $round" if query('SELECT concat_ws(\' \', count(*), count(DISTINCT email)) FROM canopy.identity') ne '1000 1000';
	push @wrong, "rows of round $round" if query(q{SELECT count(*) FROM canopy.import_row r LEFT JOIN canopy.identity i ON i.id = r.resource_id AND i.email = r.cells[1]
		WHERE outcome = 'created' AND i.id IS NULL}) ne '0';
	forget();
}
cmp_ok($cut, '>=', $rounds, "runs were cut off ($cut)");
is(join(', ', @wrong), '', 'every row has one effect, every batch one audit entry, the import one');

$node->stop;
done_testing();

sub query
{
	return $node->safe_psql('postgres', $_[0]);
}

# The same when the server may be starting.
sub query_again
{
	my ($sql) = @_;
	for (1 .. 10 * $PATIENCE)
	{
		my ($code, $out) = $node->psql('postgres', $sql, timeout => $PATIENCE);
		return $out if defined $code and $code == 0;
		sleep 0.1;
	}
	die 'the server is gone';
}

# The id of an import of n rows that has been previewed; more lines may follow.
sub previewed
{
	my ($prefix, $n, $header, $more) = @_;
	my $file = join ';', qw(E-Mail Vorname Nachname), $header // ();
	$file .= "\n" . join '', map { "$prefix$_\@example.com;A;B" . ($header ? ";$_" : '') . "\n" } 1 .. $n;
	$file .= $more // '';
	my $id = query(q{SELECT canopy_bulk_import_open('create')->>'id'});
	$node->safe_psql('postgres', "SELECT canopy_bulk_import_upload_text('$id', \$file\$$file\$file\$); SELECT canopy_bulk_import_preview('$id')");
	return $id;
}

# The summary of an import in one go.
sub whole
{
	my ($file, $arguments) = @_;
	return decode_json(query("CALL canopy_bulk_import(\$file\$$file\$file\$, $arguments)"));
}

# The audit entry of an import, how many there are, and how many its batches have.
sub entries
{
	my ($id) = @_;
	my $metadata = decode_json(query("SELECT jsonb_agg(metadata) FROM canopy.audit_log WHERE metadata->>'import_id' = '$id'"));
	return {
		(map { $_ => $metadata->[0]{$_} } qw(status total succeeded failed skipped)),
		imports => scalar @$metadata,
		batches => query(q{SELECT count(*) FROM canopy.audit_log WHERE action = 'identity.bulk_create'}) + 0 };
}

# The directory without people, imports and entries.
sub forget
{
	$node->safe_psql('postgres', 'TRUNCATE canopy.import, canopy.identity, canopy.audit_log, canopy.idempotency_key CASCADE');
	return;
}
