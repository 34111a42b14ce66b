# It says the same as the other, and enforces nothing.
abi <abi/3.0>,
include <tunables/global>

profile lab-complaining flags=(attach_disconnected, mediate_deleted, complain) {
  include <abstractions/base>

  file,
  network inet stream,
  capability chown,
}
