module rota-probe

go 1.19
