import 'greeting.dart';

void main() => print(greeting);
