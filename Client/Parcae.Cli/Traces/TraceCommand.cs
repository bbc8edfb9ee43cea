using System.CommandLine;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Traces;

/// <summary><c>parcae trace</c>: looks at availability traces, converts and generates them.</summary>
internal static class TraceCommand
{
    public static Command Create(CommandContext context) => new("trace", "Availability traces: how many instances there were, minute by minute.")
    {
        InspectCommand.Create(context),
        ConvertCommand.Create(context),
        GenerateCommand.Create(context),
    };
}
