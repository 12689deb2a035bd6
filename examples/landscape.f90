! A landscape in Fortran: independent double wells, f(x) = sum over i of (x_i^2 - 1)^2.
!
!     gfortran -O2 -Wall -o examples/wells examples/landscape.f90
!     lossatlas run examples/landscape.toml --out results/wells \
!       --set 'landscape.command=["examples/wells"]' --set 'paths.landscapes=["value"]'
!
! The protocol is in docs/protocol.md. This file assumes a little-endian processor.
program landscape
  use, intrinsic :: iso_fortran_env, only: int64, real64
  implicit none
  integer, parameter :: n = 3           ! as in the handshake
  integer(int64) :: head(3)
  real(real64), allocatable :: x(:, :), f(:), g(:, :)
  integer :: input, output, status
  open(newunit=input, file="/dev/stdin", access="stream", form="unformatted", action="read")
  open(newunit=output, file="/dev/stdout", access="stream", form="unformatted", action="write")
  write(output) '{"lossatlas": 1, "dimension": 3, "precision": "float64", ' // &
    '"start_region": [-2.0, 2.0]}' // new_line("a")
  flush(output)
  do
    read(input, iostat=status) head   ! kind, data set, number of points
    if (status /= 0) exit
    allocate(x(n, head(3)))
    read(input, iostat=status) x
    if (status /= 0) exit
    f = sum((x**2 - 1)**2, dim=1)
    g = 4*x*(x**2 - 1)
    write(output) 0_int64, f
    if (head(1) == 2) write(output) g
    flush(output)
    deallocate(x)
  end do
end program
