/*-------------------------------------------------------------------------
 *
 * statistics.h
 *		What the planner knows of the directory's tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_STATISTICS_H
#define CB_STATISTICS_H

/*
 * Gathers statistics of the tables that grow with their rows, when there are four
 * times as many identities as at the last time and still not very many.  Tables that
 * somebody else has locked for that are left out.
 */
extern void cb_statistics_keep_up(void);

#endif							/* CB_STATISTICS_H */
