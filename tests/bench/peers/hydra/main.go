// Ory Hydra as its module builds it, for the benchmarks to measure beside this project. Build with -tags sqlite.
package main

import "github.com/ory/hydra/v2/cmd"

func main() { cmd.Execute() }
