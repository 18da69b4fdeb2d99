; Writes the first ten Fibonacci numbers, each of at most two digits.
global _start

section .bss
line: resb 64

section .text
_start:
    mov rdi, line
    xor eax, eax            ; a
    mov ebx, 1              ; b
    mov ecx, 10
next:
    push rax
    cmp eax, 10
    jb units
    xor edx, edx
    mov esi, 10
    div esi
    add al, '0'
    stosb
    mov eax, edx
units:
    add al, '0'
    stosb
    mov al, ' '
    stosb
    pop rax
    xadd ebx, eax           ; a = b, b = a + b
    loop next
    mov byte [rdi - 1], 10  ; the last blank becomes the end of the line
    mov rdx, rdi
    mov rsi, line
    sub rdx, rsi
    mov eax, 1
    mov edi, 1
    syscall
    mov eax, 60
    xor edi, edi
    syscall
