// A program that links old modules, for the package list that the Go linker leaves in it.
package main

import (
	"fmt"

	"github.com/dgrijalva/jwt-go"
	"golang.org/x/crypto/ssh"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v2"
)

func main() {
	var config ssh.ClientConfig
	text, _ := yaml.Marshal(map[string]string{"language": language.English.String()})
	fmt.Println(config.User, jwt.New(jwt.SigningMethodHS256).Method.Alg(), string(text))
}
