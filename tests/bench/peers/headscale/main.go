// Headscale as its module builds it, for the benchmarks to measure beside this project.
package main

import "github.com/juanfont/headscale/cmd/headscale/cli"

func main() { cli.Execute() }
