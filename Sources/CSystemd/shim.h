#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <sys/prctl.h>

/* prctl(2) takes a variable number of arguments, so Swift does not see it. */
static inline int guestwatchd_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
