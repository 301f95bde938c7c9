"""The singular HiPPO-LegS ODE  t c'(t) = -A c(t) + B f(t)."""
