<?php
function greeting(): string
{
    return "héllo ✓";
}
