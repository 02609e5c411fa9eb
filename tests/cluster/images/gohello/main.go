// A program of the standard library alone.
package main

import "fmt"

func main() { fmt.Println("hello") }
