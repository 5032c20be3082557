//go:build race

package daemon_test

// fishSteps is what each of six servers does; fewer where everything is slower.
const fishSteps = 240

// payments is how many the clients of TestBalancesAreSpentOnce make together; fewer where everything is slower.
const payments = 960
