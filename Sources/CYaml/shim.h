// SPDX-License-Identifier: Apache-2.0
// libyaml: its events are what rule files are read from.
#include <yaml.h>
