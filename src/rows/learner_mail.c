/*-------------------------------------------------------------------------
 *
 * learner_mail.c
 *		The mail that welcomes a learner.
 *
 * It carries no token: the learner has an identity, and signs in through single
 * sign-on, or with a password that is asked for as a forgotten one is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "record/outbox.h"
#include "rows/learner.h"

static Jsonb *make_payload(const CbBatch *batch, const CbLearnerRow *row);

bool
cb_learner_put_mails(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	CbMail	   *mails = palloc0(sizeof(CbMail) * (n + 1));
	int			nmails = 0;

	for (int i = 0; i < n; i++)
	{
		CbLearnerRow *row = rows[i];
		const CbText *language = &row->texts[CB_LEARNER_LANGUAGE];
		CbMail	   *mail = &mails[nmails];

		row->mail.given = row->mails;
		if (!row->mails)
			continue;
		if (language->val == NULL)
			language = &row->old_texts[CB_LEARNER_LANGUAGE];
		mail->id = &row->mail.id;
		mail->kind = CB_MAIL_WELCOME;
		mail->identity = &row->id;
		mail->recipient = row->email;
		if (language->val != NULL && cb_text_is_language_tag(language))
			mail->locale = pnstrdup(language->val, language->len);
		mail->payload = make_payload(batch, row);
		nmails++;
	}
	return cb_outbox_put(&batch->scope.account, batch->now, mails, nmails);
}

static Jsonb *
make_payload(const CbBatch *batch, const CbLearnerRow *row)
{
	static CbJsonShape keys = {6, {"items", "message", "app_name", "last_name",
	"first_name", "account_name"}};
	const CbLearnerBatch *own = batch->of_kind;
	CbJson	   *json = cb_json_create(512);

	cb_json_shape(json, &keys);
	cb_json_array(json, own->targets.nitems);
	for (int i = 0; i < own->targets.nitems; i++)
		cb_json_cstring(json, own->targets.items[i].name);
	own->options->message == NULL ? cb_json_null(json) :
		cb_json_cstring(json, own->options->message);
	batch->scope.has_application ?
		cb_json_cstring(json, batch->scope.application_name) : cb_json_null(json);
	cb_text_write(json, &row->last_name);
	cb_text_write(json, &row->first_name);
	cb_json_cstring(json, batch->scope.account_name);
	return cb_json_finish(json);
}
