#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <sys/prctl.h>

/* spawn.h has these two only with _GNU_SOURCE, which Swift does not set. */
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);

/* prctl(2) takes a variable number of arguments, so Swift does not see it. */
static inline int guestwatchd_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
