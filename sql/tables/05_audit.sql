
/* No foreign keys: an entry outlives what it tells about. */
CREATE TABLE canopy.audit_log (
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	application_id uuid,
	environment_id uuid,
	actor_id text,
	actor_type text NOT NULL,
	actor_label text,
	action text NOT NULL,
	resource_type text NOT NULL,
	resource_id text,
	resource_label text,
	metadata jsonb NOT NULL DEFAULT '{}',
	correlation_id uuid,
	outcome text NOT NULL,
	category text NOT NULL,
	severity text NOT NULL,
	customer_visible boolean NOT NULL,
	identity_visible boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT audit_log_pkey PRIMARY KEY (account_id, id),
	CONSTRAINT audit_log_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
	CONSTRAINT audit_log_outcome_check
		CHECK (outcome IN ('success', 'failure', 'denied')),
	CONSTRAINT audit_log_category_check
		CHECK (category IN ('auth', 'identity', 'admin_user', 'tenancy', 'hierarchy', 'rbac',
							'authorization', 'api_keys', 'oauth', 'webhooks', 'invites', 'mfa',
							'audit', 'billing', 'unknown')),
	CONSTRAINT audit_log_severity_check
		CHECK (severity IN ('info', 'notice', 'warning', 'critical'))
);

CREATE INDEX audit_log_account_id_created_at_idx
	ON canopy.audit_log (account_id, created_at);

CREATE INDEX audit_log_account_id_identity_id_created_at_idx
	ON canopy.audit_log (account_id, (metadata ->> 'identity_id'), created_at)
	WHERE (metadata ->> 'identity_id') IS NOT NULL;

REVOKE ALL ON TABLE canopy.audit_log FROM PUBLIC;

COMMENT ON TABLE canopy.audit_log IS
	'What was done to an account, by whom: one entry per batch or event, never changed.';
COMMENT ON COLUMN canopy.audit_log.account_id IS 'Account the entry is about.';
COMMENT ON COLUMN canopy.audit_log.id IS 'Identifier within the account.';
COMMENT ON COLUMN canopy.audit_log.application_id IS 'Application the entry is about; null: the whole account.';
COMMENT ON COLUMN canopy.audit_log.environment_id IS 'Environment the entry is about; null: the whole application.';
COMMENT ON COLUMN canopy.audit_log.actor_id IS 'Who did it: the subject of the claims or the database role.';
COMMENT ON COLUMN canopy.audit_log.actor_type IS 'Kind of actor, free form.';
COMMENT ON COLUMN canopy.audit_log.actor_label IS 'The actor''s name at the time.';
COMMENT ON COLUMN canopy.audit_log.action IS 'What was done, as dotted words.';
COMMENT ON COLUMN canopy.audit_log.resource_type IS 'Kind of thing it was done to, free form.';
COMMENT ON COLUMN canopy.audit_log.resource_id IS 'Identifier of that thing; null: many.';
COMMENT ON COLUMN canopy.audit_log.resource_label IS 'Its name at the time.';
COMMENT ON COLUMN canopy.audit_log.metadata IS 'JSON object: counts and options of the call; no addresses, no secrets.';
COMMENT ON COLUMN canopy.audit_log.correlation_id IS 'Shared by the entries of one request.';
COMMENT ON COLUMN canopy.audit_log.outcome IS 'success, failure or denied.';
COMMENT ON COLUMN canopy.audit_log.category IS 'Field of administration the action belongs to.';
COMMENT ON COLUMN canopy.audit_log.severity IS 'info, notice, warning or critical.';
COMMENT ON COLUMN canopy.audit_log.customer_visible IS 'Whether administrators of the account may see it.';
COMMENT ON COLUMN canopy.audit_log.identity_visible IS 'Whether the identity concerned may see it.';
COMMENT ON COLUMN canopy.audit_log.created_at IS 'When it was done.';
