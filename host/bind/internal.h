/* bind, inside: what its files share. */
#ifndef GW_BIND_INTERNAL_H
#define GW_BIND_INTERNAL_H

#include "bind/bind.h"

/* NULL with the nearest name in the message. */
const struct gw_service *gw_bind_find_service(struct gw_view name, struct gw_arena *arena,
                                              struct gw_err *err);
const struct gw_operation *gw_bind_find_operation(struct gw_view service, struct gw_view name,
                                                  struct gw_arena *arena, struct gw_err *err);

/* Functions of host.aws that have a file of their own. */
int gw_bind_aws_paginator(lua_State *L);
int gw_bind_aws_waiter(lua_State *L);

#endif
