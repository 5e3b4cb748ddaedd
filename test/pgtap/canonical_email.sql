-- The one form in which an address is stored and compared.
\ir fixture.psql
SELECT no_plan();

CREATE TABLE t.case (n serial, title text, sent text, stored text);
INSERT INTO t.case (title, sent, stored) VALUES
	('as it is', 'ada@one.example', 'ada@one.example'),
	('in capitals', 'ADA@TWO.EXAMPLE', 'ada@two.example'),
	('with white space around', E' \t\nada@three.example\r\n ', 'ada@three.example'),
	('with a tag', 'ada+news@four.example', 'ada+news@four.example'),
	('with dots, which some providers ignore', 'a.d.a@five.example', 'a.d.a@five.example'),
	('with all that HTML allows', '!#$%&''*+/=?^_`{|}~-@six.example', '!#$%&''*+/=?^_`{|}~-@six.example'),
	('with a domain in Unicode', 'ada@bücher.example', 'ada@xn--bcher-kva.example'),
	('with the same in capitals', 'ada@BÜCHER.seven.example', 'ada@xn--bcher-kva.seven.example'),
	('with the same decomposed', E'ada@bu\u0308cher.eight.example', 'ada@xn--bcher-kva.eight.example'),
	('with the A-label itself', 'ada@XN--BCHER-KVA.nine.example', 'ada@xn--bcher-kva.nine.example'),
	('with a sharp s, which is no ss', 'ada@straße.example', 'ada@xn--strae-oqa.example'),
	('with a domain of digits', 'ada@123.example', 'ada@123.example');

-- an address is answered in its canonical form, and stored so
SELECT is(answer#>>'{results,0,data,email}', stored, 'an address ' || title)
FROM t.case, LATERAL canopy_bulk_create(jsonb_build_array(t.person(sent)), account => 'acme') AS answer ORDER BY n;
SELECT set_eq('SELECT email COLLATE "default" FROM canopy.identity', 'SELECT stored FROM t.case', 'what is answered is what is stored');

-- two spellings of one address are one identity
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person(sent)), account => 'acme')), '409 email_conflict', sent || ' is taken')
FROM (VALUES ('ada@xn--bcher-kva.example'), ('Ada@Bücher.Example'), (E'ada@bu\u0308cher.example')) AS v (sent);

-- look-alikes and what providers treat alike are not
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person(sent)), account => 'acme')), '201', sent || ' is free')
FROM (VALUES ('ada@buecher.example'), ('ada@bucher.example'), ('ada@strasse.example'), ('ada@four.example'), ('ada@five.example'), ('ad-a@one.example')) AS v (sent);

-- what cannot be seen is refused, not dropped
SELECT is(t.issues(canopy_bulk_create(jsonb_build_array(t.person(sent)), account => 'acme')#>'{results,0}'), 'email email_invalid', title || ' is refused')
FROM (VALUES
	('a soft hyphen', E'ada@o\u00ADne.example'), ('a zero-width joiner', E'ada@o\u200Dne.example'), ('a right-to-left mark', E'ada@one\u200F.example'),
	('a no-break space', E'ada@one.example\u00A0'), ('a Kelvin sign in the local part', E'\u212Aate@one.example'), ('a dotless i in the local part', 'ıda@one.example'),
	('a blank inside', 'a da@one.example'), ('a comment', 'ada(x)@one.example'), ('an angle bracket', 'Ada <ada@one.example>'), ('a line break inside', E'ada@one.example\nbcc@two.example'),
	('an underscore in the domain', 'ada@o_ne.example'), ('a hyphen at the edge of a label', 'ada@-one.example'), ('a dot at the end', 'ada@one.example.')
) AS v (title, sent);

SELECT * FROM finish();
