/*-------------------------------------------------------------------------
 *
 * progress.h
 *		What other sessions see of a call before it commits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PROGRESS_H
#define CB_PROGRESS_H

/*
 * From begin to end, or an error, the view pg_stat_progress_copy has a row for
 * this process, with a table of schema canopy; rows tells how far it has come.
 */
extern void cb_progress_begin(const char *table, int64 bytes);
extern void cb_progress_rows(int64 done, int64 excluded);
extern void cb_progress_end(void);

#endif							/* CB_PROGRESS_H */
