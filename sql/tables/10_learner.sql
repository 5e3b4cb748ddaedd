
CREATE TABLE canopy.portal_client (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	slug text COLLATE "C" NOT NULL,
	name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT portal_client_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT portal_client_account_id_slug_key UNIQUE (account_id, slug),
	CONSTRAINT portal_client_slug_check CHECK (
		slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'
		AND slug !~ '^([0-9a-f]{4}-?){7}[0-9a-f]{4}$'
	),
	CONSTRAINT portal_client_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE
);

REVOKE ALL ON TABLE canopy.portal_client FROM PUBLIC;

COMMENT ON TABLE canopy.portal_client IS 'A portal of a customer of the account, which learners belong to.';
COMMENT ON COLUMN canopy.portal_client.account_id IS 'Account the client belongs to.';
COMMENT ON COLUMN canopy.portal_client.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.portal_client.slug IS 'Name in addresses, unique in the account; rules as for account.slug.';
COMMENT ON COLUMN canopy.portal_client.name IS 'Name to show.';
COMMENT ON COLUMN canopy.portal_client.created_at IS 'When the client was made.';
COMMENT ON COLUMN canopy.portal_client.updated_at IS 'When the row was last changed.';

CREATE TABLE canopy.learning_item (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	kind text NOT NULL,
	slug text COLLATE "C" NOT NULL,
	name text NOT NULL,
	seats integer,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT learning_item_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT learning_item_account_id_kind_slug_key UNIQUE (account_id, kind, slug),
	CONSTRAINT learning_item_kind_check
		CHECK (kind IN ('bundle', 'course', 'learning_path', 'license')),
	CONSTRAINT learning_item_slug_check CHECK (
		slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'
		AND slug !~ '^([0-9a-f]{4}-?){7}[0-9a-f]{4}$'
	),
	CONSTRAINT learning_item_seats_check CHECK (seats IS NULL OR (kind = 'license' AND seats >= 0)),
	CONSTRAINT learning_item_account_id_fkey FOREIGN KEY (account_id)
		REFERENCES canopy.account (id) ON DELETE CASCADE
);

REVOKE ALL ON TABLE canopy.learning_item FROM PUBLIC;

COMMENT ON TABLE canopy.learning_item IS 'Something that learners are enrolled in.';
COMMENT ON COLUMN canopy.learning_item.account_id IS 'Account the item belongs to.';
COMMENT ON COLUMN canopy.learning_item.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.learning_item.kind IS 'bundle, course, learning_path or license.';
COMMENT ON COLUMN canopy.learning_item.slug IS
	'Name in addresses, unique in the account for its kind; rules as for account.slug.';
COMMENT ON COLUMN canopy.learning_item.name IS 'Name to show.';
COMMENT ON COLUMN canopy.learning_item.seats IS 'How many learners a license is for; null: any number.';
COMMENT ON COLUMN canopy.learning_item.created_at IS 'When the item was made.';
COMMENT ON COLUMN canopy.learning_item.updated_at IS 'When the row was last changed.';

/* One row for an identity; its own columns are what a CSV file of learners has. */
CREATE TABLE canopy.learner_profile (
	account_id uuid NOT NULL,
	identity_id uuid NOT NULL,
	portal_client_id uuid,
	ref1 text,
	ref2 text,
	ref3 text,
	ref4 text,
	ref5 text,
	ref6 text,
	ref7 text,
	ref8 text,
	ref9 text,
	ref10 text,
	address1 text,
	address2 text,
	city text,
	state text,
	zip_code text,
	country text,
	telephone text,
	language text,
	sf_contact_id text,
	sf_account_id text,
	invited_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT learner_profile_pkey PRIMARY KEY (account_id, identity_id),
	CONSTRAINT learner_profile_account_id_identity_id_fkey FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE,
	CONSTRAINT learner_profile_account_id_portal_client_id_fkey
		FOREIGN KEY (account_id, portal_client_id)
		REFERENCES canopy.portal_client (account_id, id)
);

/* For deletes of a client, which otherwise read every profile of the account. */
CREATE INDEX learner_profile_account_id_portal_client_id_idx
	ON canopy.learner_profile (account_id, portal_client_id)
	WHERE portal_client_id IS NOT NULL;

REVOKE ALL ON TABLE canopy.learner_profile FROM PUBLIC;

COMMENT ON TABLE canopy.learner_profile IS 'What is known of an identity as a learner.';
COMMENT ON COLUMN canopy.learner_profile.account_id IS 'Account of the identity.';
COMMENT ON COLUMN canopy.learner_profile.identity_id IS 'The learner.';
COMMENT ON COLUMN canopy.learner_profile.portal_client_id IS 'Portal that the learner belongs to, or null.';
COMMENT ON COLUMN canopy.learner_profile.ref1 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref2 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref3 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref4 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref5 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref6 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref7 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref8 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref9 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.ref10 IS 'Reference field of the account''s own.';
COMMENT ON COLUMN canopy.learner_profile.address1 IS 'Street and number.';
COMMENT ON COLUMN canopy.learner_profile.address2 IS 'What else the address needs.';
COMMENT ON COLUMN canopy.learner_profile.city IS 'Town.';
COMMENT ON COLUMN canopy.learner_profile.state IS 'State, province or region.';
COMMENT ON COLUMN canopy.learner_profile.zip_code IS 'Postal code.';
COMMENT ON COLUMN canopy.learner_profile.country IS 'Country.';
COMMENT ON COLUMN canopy.learner_profile.telephone IS 'Telephone number.';
COMMENT ON COLUMN canopy.learner_profile.language IS
	'Language of the learner; mail is written in it where it is a BCP 47 tag.';
COMMENT ON COLUMN canopy.learner_profile.sf_contact_id IS 'Contact in Salesforce; written once.';
COMMENT ON COLUMN canopy.learner_profile.sf_account_id IS 'Account in Salesforce; written once.';
COMMENT ON COLUMN canopy.learner_profile.invited_at IS 'When a mail of welcome was queued; no second one is.';
COMMENT ON COLUMN canopy.learner_profile.created_at IS 'When the profile was made.';
COMMENT ON COLUMN canopy.learner_profile.updated_at IS 'When the row was last changed.';

CREATE TABLE canopy.enrolment (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	identity_id uuid NOT NULL,
	learning_item_id uuid NOT NULL,
	status text NOT NULL DEFAULT 'not-started',
	completed_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT enrolment_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT enrolment_account_id_identity_id_learning_item_id_key
		UNIQUE (account_id, identity_id, learning_item_id),
	CONSTRAINT enrolment_status_check
		CHECK (status IN ('not-started', 'started', 'completed', 'not-completed')),
	CONSTRAINT enrolment_account_id_identity_id_fkey FOREIGN KEY (account_id, identity_id)
		REFERENCES canopy.identity (account_id, id) ON DELETE CASCADE,
	CONSTRAINT enrolment_account_id_learning_item_id_fkey FOREIGN KEY (account_id, learning_item_id)
		REFERENCES canopy.learning_item (account_id, id) ON DELETE CASCADE
);

/* For counting the seats of a license, and for deletes of an item. */
CREATE INDEX enrolment_account_id_learning_item_id_idx
	ON canopy.enrolment (account_id, learning_item_id);

REVOKE ALL ON TABLE canopy.enrolment FROM PUBLIC;

COMMENT ON TABLE canopy.enrolment IS 'That a learner is enrolled in an item, or has a seat of a license.';
COMMENT ON COLUMN canopy.enrolment.account_id IS 'Account of both the identity and the item.';
COMMENT ON COLUMN canopy.enrolment.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.enrolment.identity_id IS 'The learner.';
COMMENT ON COLUMN canopy.enrolment.learning_item_id IS 'The item.';
COMMENT ON COLUMN canopy.enrolment.status IS 'not-started, started, completed or not-completed.';
COMMENT ON COLUMN canopy.enrolment.completed_at IS 'When the learner completed it; set once.';
COMMENT ON COLUMN canopy.enrolment.created_at IS 'When the learner was enrolled.';
COMMENT ON COLUMN canopy.enrolment.updated_at IS 'When the row was last changed.';
