using System.CommandLine;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Traces;

/// <summary><c>parcae trace</c>: looks at availability traces, converts and generates them.</summary>
internal static class TraceCommand
{
    public static Command Create(CommandContext context) => new Verb(
        "trace", "Shows, converts and generates availability traces.",
        "A trace says how many instances there were, minute by minute, how many came and how many were lost.")
    {
        InspectCommand.Create(context),
        ConvertCommand.Create(context),
        GenerateCommand.Create(context),
    };
}
