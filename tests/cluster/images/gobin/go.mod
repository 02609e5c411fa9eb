module example.com/oldgo

go 1.17

require (
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	golang.org/x/crypto v0.0.0-20210322153248-0c34fe9e7dc2
	golang.org/x/text v0.3.5
	gopkg.in/yaml.v2 v2.2.8
)

require golang.org/x/sys v0.0.0-20201119102817-f84b799fce68 // indirect
