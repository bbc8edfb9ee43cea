using Parcae.Cli.Commands;
using Parcae.Cli.Telemetry;

using var interruption = new Interruption();
using var telemetry = CommandTelemetry.Start();
return await ParcaeCommand.RunAsync(args, CommandContext.OfProcess(interruption), interruption.Token);
