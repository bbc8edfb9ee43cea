namespace Parcae.Cli.Demo.View;

/// <summary>Shows a demo while it runs.</summary>
internal interface IDemoView
{
    /// <summary>Shows it until told to stop; the last picture is complete.</summary>
    Task RunAsync(CancellationToken stop);
}
