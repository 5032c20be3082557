// Package postgres runs a private PostgreSQL server: the one behind
// `syncer serve --embedded`, the throw-away ones of the demo, the benchmarks
// and the tests.
//
// # Binaries
//
// [Find] takes, in this order, the directory it is told, what is on PATH, the
// directories of the distributions (newest first) and what an earlier run
// fetched; failing all of these it fetches a build into the user's cache. The
// oldest version accepted is [MinimumMajor].
//
// # Directory
//
// A server lives in one directory of its own:
//
//	data/          the cluster (PGDATA), mode 0700
//	password       the superuser's password, mode 0600
//	postgres.log   what the server prints, mode 0600
//	lock           held by the process that runs the server
//
// data/ appears by a rename once initdb is through, so that a run killed in
// the middle of it leaves nothing half made. A throw-away server makes such a
// directory below [os.TempDir] and removes it when it stops; the directories
// of killed processes are removed by the next one that starts.
//
// # Access
//
// The server listens on 127.0.0.1 only, has no unix socket (hence no limit on
// the length of the directory's name) and asks for a random password by SCRAM,
// so another user of the machine cannot log in.
//
// # Root
//
// PostgreSQL refuses to run as root. A process of root runs it as the user
// postgres, else nobody, and gives that user data/ and nothing else. All
// parents of the directory must then let this user pass; root's home usually
// does not, which is why [DefaultDataDir] and the cache of root lie under
// /var. The binaries must be within that user's reach too.
//
// # Lifetime
//
// The server is a direct child in a process group of its own: an interrupt
// typed at a terminal reaches only us, who stop it in order. On Linux the
// kernel stops it when we are killed. Elsewhere it outlives a SIGKILL of ours,
// and the next start on the same directory reports it with its process id. A
// postmaster.pid left by a server that is gone is no obstacle.
package postgres
