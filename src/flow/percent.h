/*-------------------------------------------------------------------------
 *
 * percent.h
 *		Percent signs in the parts of a URL (RFC 3986, section 2.1).
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PERCENT_H
#define CB_PERCENT_H

/*
 * The text that the part stands for, in the current memory context; NULL when
 * that is no UTF-8 or has a NUL.
 */
extern char *cb_percent_decode(const char *part, size_t len);

#endif							/* CB_PERCENT_H */
