namespace Parcae.Cli.Report;

internal static class HtmlReport
{
    public static string Render(ReportData data) => data.PlanningNote;
}
