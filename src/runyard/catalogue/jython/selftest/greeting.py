# -*- coding: utf-8 -*-
def text():
    return "héllo ✓"
