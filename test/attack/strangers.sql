-- For strangers.pl: plays a call twice, with ids of strangers and with ids of nobody, undoes both
-- and compares. Run by a superuser; the attacker may only call stranger.play.
CREATE SCHEMA stranger;
GRANT USAGE ON SCHEMA stranger TO api;

-- The rows of strangers, by the name of the attack: of each table a condition.
CREATE TABLE stranger.rows (attack text, relation regclass, condition text);

-- Makes stranger.effect_ATTACK(): one number for all rows of strangers, which any change of one
-- changes. When a key was used is no change.
CREATE FUNCTION stranger.watch(attack text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	statement text;
BEGIN
	SELECT 'SELECT sum(s) FROM (' || string_agg(format('SELECT sum(hashtextextended((%s)::text, %s)::numeric) FROM %s AS x WHERE %s',
		CASE WHEN relation = 'canopy.api_key'::regclass THEN 'ROW(x.id, x.revoked_at, x.expires_at, x.scopes)' ELSE 'x' END, relation::oid, relation, condition), ' UNION ALL ') || ') AS t (s)'
	INTO statement FROM stranger.rows AS r WHERE r.attack = $1;
	EXECUTE format('CREATE FUNCTION stranger.effect_%s() RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %L',
		attack, 'BEGIN RETURN (' || statement || '); END');
	EXECUTE format('REVOKE ALL ON FUNCTION stranger.effect_%s() FROM PUBLIC', attack);
	EXECUTE format('GRANT EXECUTE ON FUNCTION stranger.effect_%s() TO api', attack);
END $$;

-- What a call says, and with it what strangers' rows are then, if an attack is named; all of it is undone.
CREATE FUNCTION stranger.say(attack text, who text, call text, OUT said text, OUT effect numeric) LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	details text;
	hint text;
BEGIN
	BEGIN
		IF who <> '' THEN
			EXECUTE who;
		END IF;
		BEGIN
			IF call LIKE 'CALL%' THEN
				EXECUTE call;
			ELSE
				EXECUTE 'SELECT string_agg(to_jsonb(a)::text, chr(10)) FROM ' || call || ' AS a' INTO said;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			said := concat_ws('|', 'ERROR', state, message, details, hint);
		END;
		IF attack = 'account' THEN
			effect := stranger.effect_account();
		ELSIF attack = 'application' THEN
			effect := stranger.effect_application();
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'UNDO0';
	EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
		NULL;
	END;
END $$;

-- An answer without what was sent, and without what is another one each time.
CREATE FUNCTION stranger.plain(said text, sent text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	i integer;
BEGIN
	-- one may be a part of another
	FOR i IN SELECT n FROM unnest(sent) WITH ORDINALITY AS u (s, n) ORDER BY length(s) DESC, n LOOP
		said := replace(said, sent[i], format('<%s>', i));
	END LOOP;
	said := regexp_replace(said, '01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}', '<new>', 'g');
	said := regexp_replace(said, '\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00(:00)?)', '<time>', 'g');
	RETURN regexp_replace(said, '(token=|"key": "|"key_preview": "|\\"key\\": \\")[^"\\]+', '\1<secret>', 'g');
END $$;

-- NULL when all is well, else what is not. Placeholders {1}, {2} ... stand for what differs.
CREATE FUNCTION stranger.play(attack text, who text, call text, foreign_ids text[], unknown_ids text[], must_be_alike boolean, words text, before numeric)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	theirs record;
	nobodys record;
	first_call text := call;
	second_call text := call;
	first_said text;
	second_said text;
BEGIN
	FOR i IN 1 .. coalesce(cardinality(foreign_ids), 0) LOOP
		first_call := replace(first_call, format('{%s}', i), foreign_ids[i]);
		second_call := replace(second_call, format('{%s}', i), unknown_ids[i]);
	END LOOP;
	theirs := stranger.say(attack, who, first_call);
	first_said := stranger.plain(theirs.said, foreign_ids);
	IF theirs.effect IS DISTINCT FROM before THEN
		RETURN 'has an effect: ' || first_call;
	END IF;
	IF first_said ~ words THEN
		RETURN format('is told %s: %s', first_said, first_call);
	END IF;
	IF must_be_alike AND cardinality(foreign_ids) > 0 THEN
		nobodys := stranger.say('', who, second_call);
		second_said := stranger.plain(nobodys.said, unknown_ids);
		IF first_said IS DISTINCT FROM second_said THEN
			RETURN format('is told %s, and of nobody %s: %s; %s', first_said, second_said, first_call, second_call);
		END IF;
	END IF;
	RETURN CASE WHEN theirs.said LIKE 'ERROR%' THEN split_part(theirs.said, '|', 2) || ' ' || split_part(theirs.said, '|', 3) ELSE 'answered' END;
END $$;
