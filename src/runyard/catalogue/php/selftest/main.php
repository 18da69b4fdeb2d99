<?php
require __DIR__ . "/greeting.php";

echo greeting(), "\n";
