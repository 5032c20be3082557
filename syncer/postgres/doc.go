// Package postgres runs a private PostgreSQL server: the one behind
// `syncer serve --embedded`, the throw-away ones of the demo, the benchmarks
// and the tests.
//
// # Binaries
//
// [Find] looks, in this order, in the directory it is given, on PATH, in the
// directories of the distributions (newest first) and among the builds that an
// earlier run fetched; if none of these has a server, it fetches a build into the
// user's cache. The oldest version accepted is [MinimumMajor].
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
// data/ appears by a rename after initdb has succeeded, so that a killed initdb
// leaves no half-made cluster. A throw-away server makes such a directory below
// [os.TempDir] and removes it when it stops; directories of killed processes are
// removed by the next process that starts a throw-away server.
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
// does not, which is why the cache of root and, by default, its data lie under
// /var. The binaries must be within that user's reach too.
//
// # Lifetime
//
// The server is a direct child in a process group of its own: an interrupt typed at
// a terminal reaches only our process, which then stops the server cleanly. On Linux
// the kernel stops the server when our process is killed. Elsewhere the server
// outlives a SIGKILL of our process, and the next start on the same directory reports
// it with its process id. A postmaster.pid of a server that no longer runs is ignored.
package postgres
