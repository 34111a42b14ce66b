abi <abi/3.0>,
include <tunables/global>

profile lab-container flags=(attach_disconnected, mediate_deleted) {
  include <abstractions/base>

  file,
  network inet stream,
  capability chown,

  deny /etc/secret r,
  deny /etc/** w,
  deny /bin/forbidden x,
  deny @{PROC}/sysrq-trigger rwklx,
  deny mount,
}
