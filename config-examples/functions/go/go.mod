module gojinn.example

go 1.24
