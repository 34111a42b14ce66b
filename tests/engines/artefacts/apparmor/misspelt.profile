abi <abi/3.0>,
include <tunables/global>

profile lab-misspelt flags=(attach_disconnected) {
  file,
  capability net_bind_servce,
}
