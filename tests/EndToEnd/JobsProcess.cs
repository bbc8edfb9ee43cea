namespace Parcae.EndToEnd;

/// <summary>A verb of <c>parcae</c> against a service, with its document on standard output.</summary>
internal sealed class JobsProcess(ReplayService service, params string[] words) : CommandProcess(_ => [.. words, "--json", "--redis", service.Redis]);
